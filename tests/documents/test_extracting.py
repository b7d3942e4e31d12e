"""The text of files: what is read, what is refused, and that no file takes a worker along."""

import io
import resource
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import docx
import pypdf
import pytest
import typst
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents import extracting, extraction_process
from documents.models import Extraction, Section
from tests.factories import (
    NOW,
    CommentRoundFactory,
    FileFactory,
    PartnerUserFactory,
    SectionFactory,
    VersionFactory,
)

FONTS = Path(__file__).parents[2] / "partners" / "typesetting" / "fonts"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LOREM = "#lorem(60)\n\n"
PLAIN = """#set text(font: ("Noto Sans", "Noto Sans Arabic"), lang: "en")
#set par(justify: true)
"""
RUNNING = "#set page(header: [UNEP/MC/COP.5/4], footer: context counter(page).display())\n"


def pdf(markup: str, head: str = PLAIN) -> bytes:
    return typst.compile((head + markup).encode(), font_paths=[FONTS], ignore_system_fonts=True)


def word(write) -> bytes:
    document, content = docx.Document(), io.BytesIO()
    write(document)
    document.save(content)
    return content.getvalue()


@pytest.fixture
def read(tmp_path):
    """The text of a file of this kind with this content."""

    def read(kind: str, content: bytes, **limits) -> extracting.Text:
        path = tmp_path / f"file.{kind}"
        path.write_bytes(content)
        return extracting.read(kind, str(path), **limits)

    return read


def problem(read, kind: str, content: bytes) -> str:
    with pytest.raises(extracting.Unreadable) as refused:
        read(kind, content)
    return str(refused.value)


def outline(text: extracting.Text) -> list[tuple[str, str, int]]:
    return [(one["label"], one["heading"], one["level"]) for one in text.sections]


def labels(text: extracting.Text) -> dict[str, list[str]]:
    return {one["label"]: one["labels"] for one in text.sections}


# PDF


def test_a_pdf_with_bookmarks_gives_its_sections_without_running_heads_and_page_numbers(read):
    text = read(
        "pdf",
        pdf(
            RUNNING
            + '#set heading(numbering: "1.1")\nA note before all.\n= Purpose\n'
            + LOREM * 6
            + "== Scope and\\ limits\n"
            + LOREM * 6
            + "= Waste contaminated with mercury\n"
            + LOREM * 8
        ),
    )
    assert outline(text) == [
        ("0", "", 1),
        ("1", "Purpose", 1),
        ("1.1", "Scope and limits", 2),
        ("2", "Waste contaminated with mercury", 1),
    ]
    assert labels(text)["1"] == [f"1-{n}" for n in range(1, 7)]  # 1.1 is a section
    assert labels(text)["2"] == [f"2.{n}" for n in range(1, 9)]
    lorem = text.sections[1]["paragraphs"][0]
    assert (len(lorem.split()), "\n" in lorem) == (60, False)
    words = " ".join(one for section in text.sections for one in section["paragraphs"])
    assert "UNEP/MC" not in words
    assert (text.pages, text.is_cut) == (3, False)
    assert text.sections[-1]["pages"] == sorted(text.sections[-1]["pages"])
    assert text.sections[-1]["pages"][-1] == 3


def test_a_pdf_without_bookmarks_gives_headings_by_their_size_and_number(read):
    text = read(
        "pdf",
        pdf(
            "#show heading: it => block(text(1.3em, it.body))\n#set heading(bookmarked: false)\n"
            f"= 1. Purpose\n{LOREM}= 2. Measures\n{LOREM}== 2.1 Collection\n{LOREM}"
            f"*Annex II: Sampling*\n\n{LOREM}1. Wear gloves\n\n2. Close the box\n"
        ),
    )
    assert outline(text) == [
        ("1", "Purpose", 1),
        ("2", "Measures", 1),
        ("2.1", "Collection", 2),
        ("Annex-II", "Sampling", 1),
    ]
    # numbers of a list are no headings, and no labels as they begin anew elsewhere
    assert labels(text)["Annex-II"] == ["Annex-II.1", "Annex-II.2", "Annex-II.3"]
    assert text.sections[-1]["paragraphs"][1:] == ["1. Wear gloves", "2. Close the box"]


def test_paragraphs_numbered_through_the_text_keep_their_numbers(read):
    body = "= I. Introduction\n"
    for number in range(1, 8):
        body += f"{number}\\. {LOREM}"
        if number == 3:
            body += "= II. Overview\nA paragraph without number.\n\n== A. Thresholds\n"
        if number == 5:
            body += "It has a second paragraph.\n\n"
    text = read("pdf", pdf(body))
    assert labels(text) == {
        "I": ["1", "2", "3"],
        "II": ["II-1"],  # II.A is a section
        "II.A": ["4", "5", "5a", "6", "7"],
    }
    assert text.sections[0]["paragraphs"][0].startswith("Lorem ipsum")


def test_every_label_is_there_once_and_the_same_each_time(read):
    content = pdf(
        f"= 2 Two\n2.1 {LOREM}{LOREM}2.3 {LOREM}= 2 Two again\n{LOREM}== 2.1 Sub\n2.1 {LOREM}"
        f"= Foreword\n{LOREM}= Foreword\n{LOREM}"
    )
    text = read("pdf", content)
    found = [one["label"] for one in text.sections]
    found += [label for one in text.sections for label in one["labels"]]
    assert len(found) == len(set(found))
    assert all(len(label) <= 20 and label.split() == [label] for label in found)
    assert read("pdf", content) == text


def test_words_broken_at_the_end_of_a_line_are_joined_and_arabic_is_read(read):
    narrow = (
        '#set page(width: 6cm)\n#set text(hyphenate: true, lang: "en")\n#set par(justify: true)\n'
    )
    text = read("pdf", pdf(narrow + "Internationalisation " * 30 + "\n\nالأطراف ثلاثة، ثالثة\n"))
    paragraphs = text.sections[0]["paragraphs"]
    assert set(paragraphs[0].split()) == {"Internationalisation"}
    assert paragraphs[1] == "الأطراف ثلاثة، ثالثة"


def test_a_file_without_text_encrypted_cut_or_strange_ends_with_a_reason(read):
    whole = pdf(LOREM * 20)
    writer = pypdf.PdfWriter(io.BytesIO(whole))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    assert problem(read, "pdf", pdf("#rect(width: 5cm, height: 5cm)", head="")) == "empty"
    assert problem(read, "pdf", locked.getvalue()) == "encrypted"
    assert problem(read, "pdf", whole[: len(whole) // 3]) == "damaged"
    assert problem(read, "pdf", b"%PDF-1.4 not a real one") == "damaged"
    assert problem(read, "docx", b"\xd0\xcf\x11\xe0" + bytes(3000)) == "encrypted"
    assert problem(read, "docx", word(lambda made: made.add_paragraph("x"))[:-400]) == "damaged"
    assert problem(read, "txt", b"  \n\n ") == "empty"


def plain_pdf(pages: int, content: bytes = b"BT /F1 12 Tf 50 700 Td (Mercury) Tj ET") -> bytes:
    """A PDF written by hand: all pages show one stream."""
    kids = b" ".join(b"%d 0 R" % (n + 5) for n in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
    objects += [page + b"/Resources<</Font<</F1 3 0 R>>>>>>"] * pages
    made, places = io.BytesIO(b"%PDF-1.4\n"), []
    made.seek(0, io.SEEK_END)
    for number, one in enumerate(objects, start=1):
        places.append(made.tell())
        made.write(b"%d 0 obj%s endobj\n" % (number, one))
    start = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    made.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    made.write(b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1))
    made.write(b"startxref\n%d\n%%%%EOF" % start)
    return made.getvalue()


def test_of_ten_thousand_pages_the_first_two_thousand_are_read_and_it_is_said(read):
    text = read("pdf", plain_pdf(10_000))
    assert (text.pages, text.is_cut) == (10_000, True)
    assert text.note == "Only the first 2000 of 10000 pages were read."


def test_a_text_of_more_than_five_megabytes_is_cut_and_long_sections_are_split(read):
    text = read("txt", ("word " * 1000 + "\n\n").encode() * 1200)
    size = sum(len(one) for section in text.sections for one in section["paragraphs"])
    assert 4_900_000 < size <= extraction_process.MAX_TEXT
    assert (text.is_cut, text.note) == (
        True,
        "Only the first 5 MB of the text are shown and searched.",
    )
    assert [one["label"] for one in text.sections][:3] == ["0", "0~2", "0~3"]
    assert text.sections[1]["labels"][0] == f"0.{len(text.sections[0]['labels']) + 1}"
    for section in text.sections:
        assert sum(map(len, section["paragraphs"])) <= extraction_process.MAX_SECTION


# Hostile files


def test_entities_of_a_docx_are_not_read(read):
    levels = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "boom">' for n in range(10)
    )
    path = "/etc/passwd"

    def with_entity(entities: str, use: str) -> bytes:
        content = io.BytesIO()
        original = io.BytesIO(word(lambda made: made.add_paragraph("HERE")))
        with zipfile.ZipFile(original) as archive, zipfile.ZipFile(content, "w") as changed:
            for name in archive.namelist():
                part = archive.read(name)
                if name == "word/document.xml":
                    head, rest = part.split(b"?>", 1)
                    part = head + b"?>" + f"<!DOCTYPE d [{entities}]>".encode()
                    part += rest.replace(b"HERE", f"before {use} after".encode())
                changed.writestr(name, part)
        return content.getvalue()

    for bomb in (
        with_entity(levels, "&e9;"),
        with_entity(f'<!ENTITY e SYSTEM "file://{path}">', "&e;"),
    ):
        try:
            found = read("docx", bomb).sections[0]["paragraphs"]
        except extracting.Unreadable:
            continue
        assert "boom" not in found[0] and "root:" not in found[0]


def test_a_docx_that_unpacks_to_much_is_refused(read):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(extraction_process.MAX_UNPACKED + 1))
    assert problem(read, "docx", content.getvalue()) == "too_large"


def deep_pdf(depth: int) -> bytes:
    """Arrays in arrays, where the reader looks for pages."""
    whole = plain_pdf(1)
    return whole.replace(b"/Kids[5 0 R]", b"/Kids" + b"[" * depth + b"5 0 R" + b"]" * depth)


def test_a_file_that_makes_the_library_slow_or_large_costs_the_child_alone(read):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    bomb = b"/F1 12 Tf " + b"q " * 200_000
    nested = read_or_problem(read, deep_pdf(100_000))
    states = read_or_problem(read, plain_pdf(1, bomb))
    assert {nested, states} <= {"damaged", "empty", "too_large", "read"}
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert spent.ru_utime - started.ru_utime < 20
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 64 << 10  # KB: this process holds no more than the files


def read_or_problem(read, content: bytes) -> str:
    try:
        read("pdf", content)
    except extracting.Unreadable as refused:
        return str(refused)
    return "read"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("x = bytearray(900 << 20)", "MemoryError"),
        ("open(sys.argv[1], 'wb', buffering=0).write(b'x')", "OSError"),
    ],
)
def test_the_child_holds_its_limits(step, reason, tmp_path):
    code = (
        "import importlib.util as u; "
        f"s = u.spec_from_file_location('child', {extraction_process.__file__!r}); "
        "import sys; m = u.module_from_spec(s); sys.modules['child'] = m; s.loader.exec_module(m); "
        f"m._limit(); {step}"
    )
    command = [sys.executable, "-I", "-B", "-c", code, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, reason in done.stderr) == (1, True)


def test_a_child_that_hangs_is_killed_and_the_file_waits_again(read):
    with pytest.raises(extracting.Interrupted):
        read("pdf", plain_pdf(2000), seconds=0.05)


# DOCX and the others


def test_a_docx_gives_headings_lists_with_numbers_and_tables(read):
    def write(made):
        made.add_paragraph("Draft of 3 November")
        made.add_heading("Purpose", 1)
        made.add_paragraph("Mercury waste is of three kinds.")
        made.add_paragraph("Wear gloves", style="List Number")
        made.add_paragraph("Close the box", style="List Number")
        made.add_paragraph("Lamps", style="List Bullet")
        made.add_heading("Limits", 2)
        table = made.add_table(2, 2)
        for cell, text in zip(table._cells, ("Waste", "Limit", "Soil", "15 mg/kg"), strict=True):
            cell.text = text
        localised = made.styles.add_style("berschrift9", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        localised.element.get_or_add_pPr().append(
            docx.oxml.parse_xml(
                '<w:outlineLvl xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
                ' w:val="0"/>'
            )
        )
        made.add_paragraph("Kosten", style=localised)
        made.add_paragraph("Transport needs time.")

    text = read("docx", word(write))
    assert outline(text) == [
        ("0", "", 1),
        ("1", "Purpose", 1),
        ("1.1", "Limits", 2),
        ("2", "Kosten", 1),
    ]
    assert text.sections[1]["paragraphs"] == [
        "Mercury waste is of three kinds.",
        "1. Wear gloves",
        "2. Close the box",
        "• Lamps",
    ]
    assert text.sections[2]["paragraphs"] == ["Waste | Limit", "Soil | 15 mg/kg"]
    assert (text.sections[3]["labels"], text.pages) == (["2.1"], None)


def test_plain_text_and_odt_are_read_too(read):
    text = read("txt", "Ünïcode before\n\n1. Purpose\n\nMercury\nwaste.\n".encode("utf-16"))
    assert outline(text) == [("0", "", 1), ("1", "Purpose", 1)]
    assert text.sections[1]["paragraphs"] == ["Mercury waste."]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "content.xml",
            '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><o:text>'
            '<t:h t:outline-level="1">Purpose</t:h><t:p>Mercury <t:span>waste</t:span></t:p>'
            "</o:text></o:body></o:document-content>",
        )
    text = read("odt", content.getvalue())
    assert outline(text) == [("1", "Purpose", 1)]
    assert text.sections[0]["paragraphs"] == ["Mercury waste"]


# The whole path, into the database


@pytest.fixture
def stored(db):
    """A file of the library, promised to be read."""

    def stored(content: bytes, media_type="application/pdf", **fields):
        file = FileFactory(content=content, media_type=media_type, **fields)
        extracting.schedule(file)
        return file

    return stored


def test_a_file_is_read_once_and_found_by_its_words(stored):
    file = stored(pdf(f"= Purpose\nQuicksilver. {LOREM}= Measures\n{LOREM}"))
    extracting.extract(file.pk, NOW)
    extracting.extract(file.pk, NOW)
    file.extraction.refresh_from_db()
    found = file.extraction
    assert (found.state, found.tries, found.pages, found.is_cut) == ("done", 1, 1, False)
    assert list(file.sections.values_list("order", "label", "heading", "page")) == [
        (0, "1", "Purpose", 1),
        (1, "2", "Measures", 1),
    ]
    section = Section.objects.extra(where=["search @@ portal_query(%s)"], params=["quicksilver"])
    assert section.get().version == file.version


def test_a_section_that_is_too_long_for_the_search_goes_the_whole_way(stored):
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = " ".join(
        f"{a}{b}{c}{d}x" for a in letters for b in letters for c in letters for d in letters[:4]
    )  # 70,000 words in 400 KB need more than 1 MB with their places
    file = stored(f"1. Words\n\nMercury {words}\n".encode(), "text/plain; charset=utf-8")
    extracting.extract(file.pk, NOW)
    file.extraction.refresh_from_db()
    assert file.extraction.state == "done"
    assert "zzzd" in file.sections.order_by("-order").first().paragraphs[-1]
    found = Section.objects.extra(where=["search @@ portal_query(%s)"], params=["mercury"])
    assert found.count() == 1


def test_a_file_without_text_fails_once_with_a_reason_in_words(stored):
    file = stored(b"%PDF-1.4 not a real one")
    extracting.extract(file.pk, NOW)
    extracting.extract(file.pk, NOW)
    file.extraction.refresh_from_db()
    assert (file.extraction.state, file.extraction.tries) == ("failed", 1)
    assert file.extraction.note == "The text cannot be read: the file is damaged or cut off."


def test_what_waits_or_was_lost_is_picked_up_and_three_tries_are_enough(stored):
    waiting, lost, running = (stored(pdf("= Purpose\nMercury.")) for _ in range(3))
    worn = stored(b"%PDF")
    states = Extraction.objects
    states.filter(translation=lost).update(state="running", at=NOW - timedelta(minutes=16), tries=1)
    states.filter(translation=running).update(state="running", at=NOW, tries=1)
    states.filter(translation=worn).update(state="running", at=NOW - timedelta(days=1), tries=3)
    assert extracting.extract_waiting(NOW) == 3
    found = dict(states.values_list("translation", "state"))
    assert [found[one.pk] for one in (waiting, lost, running, worn)] == [
        "done",
        "done",
        "running",
        "failed",
    ]


def test_a_stored_file_that_is_away_for_a_while_waits(stored):
    file = stored(pdf("= Purpose\nMercury."))
    path = Path(file.file.path)
    content = path.read_bytes()
    path.unlink()
    extracting.extract(file.pk, NOW)
    assert Extraction.objects.get(translation=file).state == "waiting"
    path.write_bytes(content)
    extracting.extract(file.pk, NOW)
    assert Extraction.objects.get(translation=file).state == "done"


def test_an_address_or_a_picture_is_not_read(stored):
    stored(b"\xff\xd8", "image/jpeg")
    extracting.schedule(VersionFactory().translations.get())
    assert not Extraction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_reads_the_file_after_the_commit(worker):
    from wmaportal.local import servers

    file = FileFactory(content=pdf("= Purpose\nMercury."))
    extracting.schedule(file)
    done = Extraction.objects.filter(translation=file, state="done")
    servers.wait_until(done.exists, 20)
    assert file.sections.get().heading == "Purpose"


# In the browser


def read_url(file, **query) -> str:
    version = file.version
    return reverse("version_read", args=[version.document.code, version.number, file.language])


def test_the_page_says_what_becomes_of_the_text_and_looks_again_only_while_it_waits(client, stored):
    file = stored(b"%PDF-1.4 not a real one")
    page = client.get(read_url(file)).content.decode()
    assert 'http-equiv="refresh"' in page and "being read" in page
    extracting.extract(file.pk, NOW)
    page = client.get(read_url(file)).content.decode()
    assert 'http-equiv="refresh"' not in page
    assert "the file is damaged or cut off." in page
    assert file.get_absolute_url() in page


def test_a_text_is_shown_with_contents_anchors_language_and_open_round(client, stored):
    file = stored(pdf(f"= الزئبق\n{LOREM}= Measures\n{LOREM}"), language="ar", version__number=3)
    extracting.extract(file.pk, NOW)
    comment_round = CommentRoundFactory(version=file.version, closes_at=NOW + timedelta(days=4000))
    page = client.get(read_url(file)).content.decode()
    assert '<div lang="ar" dir="rtl">' in page
    assert '<a href="#s-2">2 Measures</a>' in page
    assert '<h2 id="s-2">2 Measures</h2>' in page
    assert '<p class="clause" id="p-2.1"><b>2.1</b>Lorem' in page
    address = reverse("round_text", args=[comment_round.pk])
    assert address not in page  # visitors are not asked
    client.force_login(PartnerUserFactory())
    assert address in client.get(read_url(file)).content.decode()


def test_a_long_text_is_shown_by_section_and_costs_as_many_queries(client, stored):
    small, large = FileFactory(), FileFactory()
    for file, times in ((small, 1), (large, 400)):
        Extraction.objects.create(translation=file, state="done")
        for order in range(1, 4):
            SectionFactory(
                translation=file,
                order=order,
                labels=[f"{order}.1"],
                paragraphs=["word " * 40 * times],
            )
    with CaptureQueriesContext(connection) as few:
        assert "Part 1" not in client.get(read_url(small)).content.decode()
    with CaptureQueriesContext(connection) as many:
        page = client.get(read_url(large), {"section": "2"}).content.decode()
    assert len(few) == len(many)
    assert "Part 2 of 3" in page and 'id="p-2.1"' in page and 'id="p-1.1"' not in page
    assert 'href="?section=3#s-3"' in page
    assert 'id="p-1.1"' in client.get(read_url(large), {"section": "�"}).content.decode()


def test_a_draft_and_what_is_not_for_everybody_are_not_there(client, stored):
    draft = FileFactory(version__published=False)
    inner = FileFactory(version__document__audience="partners")
    assert client.get(read_url(draft)).status_code == 404
    assert client.get(read_url(inner)).status_code == 404
    client.force_login(PartnerUserFactory())
    assert client.get(read_url(draft)).status_code == 404
    assert client.get(read_url(inner)).status_code == 200
