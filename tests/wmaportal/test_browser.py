"""The browser that the browser tests get, and what happens where there is none."""

import pytest

from wmaportal.local import browser


def test_a_page_opens_in_a_browser_on_this_workers_database(page, settings, tmp_path):
    settings.MAIL_DIR = tmp_path

    answer = page.goto("/mailbox/")

    assert answer.status == 200
    assert page.title().startswith("Mail of this machine")
    width = page.evaluate("getComputedStyle(document.querySelector('.wrap')).maxInlineSize")
    assert width != "none"  # the style sheet came


def test_no_other_host_can_be_reached(page):
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://portal.example.org/")


def test_where_none_can_be_had_one_sentence_says_so(monkeypatch, tmp_path):
    """Not the network but what is looked for is changed: names that no machine has."""
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))
    monkeypatch.setattr(browser, "FOLDER", tmp_path)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr(browser, "_install_with_playwright", lambda: None)
    monkeypatch.setattr(browser, "_install_with_apt", lambda: None)

    with pytest.raises(browser.NoBrowser) as refusal:
        browser.find_or_install()

    assert str(refusal.value) == browser.NONE_FOUND


def test_a_stub_that_does_not_run_is_no_browser(monkeypatch, tmp_path):
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")

    assert browser._system() is None


def test_what_playwright_installed_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(browser, "FOLDER", tmp_path)
    chrome = tmp_path / "chromium-1234" / "chrome-linux64" / "chrome"
    chrome.parent.mkdir(parents=True)
    chrome.write_text("#!/bin/sh\necho Chromium 140\n")
    chrome.chmod(0o755)

    assert browser._of_playwright() == str(chrome)
