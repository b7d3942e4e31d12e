import re

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import override_settings

from wmaportal import mailbox


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "mail"
    return settings.MAIL_DIR


def send(subject="Your code", body="Your code is:\n\nAB12-CD34\n", to="ana@example.org", html=""):
    """Through the backend that delivers under make run."""
    mail = EmailMultiAlternatives(subject, body, to=[to], connection=connection())
    if html:
        mail.attach_alternative(html, "text/html")
    return mail.send()


def connection():
    return get_connection("wmaportal.mailbox.FileOfMail")


def test_each_message_is_one_file_that_only_we_may_read(folder):
    assert [send(), send("Réunion à Genève")] == [1, 1]

    assert len(list(folder.iterdir())) == 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert [mailbox.read(name).subject for name in mailbox.names()] == [
        "Réunion à Genève",
        "Your code",
    ]


def test_a_long_subject_has_no_blank_in_front(folder):
    send("¿Sigue siendo correcto su perfil en la Lista de personas de recurso?")

    subject = mailbox.read(mailbox.names()[0]).subject
    assert subject == "¿Sigue siendo correcto su perfil en la Lista de personas de recurso?"


def test_a_mail_to_nobody_is_no_mail(folder):
    assert EmailMultiAlternatives("x", "y", connection=connection()).send() == 0


def test_the_list_shows_the_newest_first_and_leads_to_the_message(client, db, folder):
    send("First")
    send("Second")

    page = client.get("/mailbox/").content.decode()

    assert re.findall(r'<h2><a href="(?:[^"]+)">(\w+)</a>', page) == ["Second", "First"]
    link = re.search(r'<h2><a href="([^"]+)">Second', page)[1]
    assert "<h1>Second</h1>" in client.get(link).content.decode()


def test_a_message_has_its_code_apart_and_its_links_clickable(client, db, folder):
    send(body="Hello,\n\nAB12-CD34\n\nOr http://localhost:8000/x?a=1&b=2\n<b>not bold</b>")

    page = client.get(f"/mailbox/{mailbox.names()[0]}/").content.decode()

    assert "<p><code>AB12-CD34</code></p>" in page
    assert 'href="http://localhost:8000/x?a=1&amp;b=2"' in page
    assert "&lt;b&gt;not bold&lt;/b&gt;" in page


def test_a_message_as_html_is_shown_as_source(client, db, folder):
    send(html="<p style='color: red'>Hello</p><script>alert(1)</script>")

    page = client.get(f"/mailbox/{mailbox.names()[0]}/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("name", ["x", "20260101T000000000000-00000000", "settings"])
def test_a_message_that_is_not_there_is_404(client, db, folder, name):
    assert client.get(f"/mailbox/{name}/").status_code == 404


def test_no_name_leads_out_of_the_folder(folder):
    assert mailbox.read("../../secret_key") is None
    assert mailbox.read("20260101T000000000000-00000000\n") is None


def test_an_empty_mailbox_and_a_page_past_the_end_are_pages(client, db, folder):
    assert client.get("/mailbox/").status_code == 200
    send()
    assert client.get("/mailbox/?page=99").status_code == 200
    assert client.get("/mailbox/?page=x").status_code == 200


def test_in_production_there_is_no_mailbox(client, db, folder):
    send()
    with override_settings(LOCAL_MODE=False):
        assert client.get("/mailbox/").status_code == 404
        assert client.get(f"/mailbox/{mailbox.names()[0]}/").status_code == 404
