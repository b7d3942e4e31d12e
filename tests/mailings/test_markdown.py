"""Markdown of announcements: headings in order, the first words for lists and feeds."""

import re

import pytest

from mailings import markdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two **lamps**, [one](https://example.org).", "Two lamps, one."),
        ("# Head\n\nText\n- one\n- two", "Head Text one two"),
        ("a & b <b>", "a & b <b>"),
        ("", ""),
        ("word " * 60, " ".join(["word"] * 39) + "…"),
    ],
)
def test_first_words_are_one_line_without_marks(text, expected):
    assert markdown.first_words(text) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("#", "3"),
        ("###", "3"),
        ("# ## ###", "345"),
        ("## # ####", "334"),
        ("# ## ### #### ##### ######", "345666"),
        ("### ##", "34"),
    ],
)
def test_no_heading_is_left_out_on_the_way_down(typed, expected):
    html = markdown.to_html("\n\n".join(f"{one} Head" for one in typed.split()))

    assert "".join(re.findall(r"<h(\d)>Head</h\1>", html)) == expected


@pytest.mark.parametrize(
    ("address", "on_a_page", "in_a_mail"),
    [
        ("/meetings/", "/meetings/", "https://portal.example.org/meetings/"),
        ("//example.org/x", "//example.org/x", "//example.org/x"),
        ("www.unep.org", "https://www.unep.org", "https://www.unep.org"),
        ("https://example.org/a", "https://example.org/a", "https://example.org/a"),
        ("mailto:ana@example.org", "mailto:ana@example.org", "mailto:ana@example.org"),
    ],
)
def test_a_link_leads_there_from_a_mail_too(address, on_a_page, in_a_mail):
    text, site = f"[Look]({address})", "https://portal.example.org"

    assert f'href="{on_a_page}"' in markdown.to_html(text)
    assert f'href="{in_a_mail}"' in markdown.to_html(text, site)
    assert markdown.to_text(text, site) == f"Look ({in_a_mail.removeprefix('mailto:')})"
