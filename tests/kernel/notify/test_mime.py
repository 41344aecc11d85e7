"""Mails are read back as they were written, whichever way their lines came about."""

import email
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.kernel.errors import Invalid
from tranche.kernel.notify.domain import without_control
from tranche.kernel.notify.mail import Mail, MailFile, Sender, compose

SENDER = Sender("pay@acme.test", "Acme & Söhne")
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def written(**changes: object) -> tuple[bytes, EmailMessage]:
    facts = {"name": "Ben", "subject": "Invoice 1", "text": "Here it is.\n", "address": "ben@example.test"}
    mail = Mail(message_id="<1@acme.test>", written_at=NOON, **(facts | changes))  # type: ignore[arg-type]
    content = compose(mail, sender=SENDER)
    return content, email.message_from_bytes(content, policy=default)


def shown(content: bytes) -> str:
    """The recipient's name by RFC 2047; the newer parser of the library puts spaces between encoded words."""
    text = email.message_from_bytes(content)["To"].rpartition("<")[0].strip()
    read = str(make_header(decode_header(text)))
    return read.strip('"').replace('\\"', '"').strip()


def assert_lines_end_by_crlf(content: bytes) -> None:
    """The SMTP client hands content over as it is: a lone CR or LF could end a mail for one server of two."""
    left = content.replace(b"\r\n", b"")
    assert b"\n" not in left
    assert b"\r" not in left
    assert content.endswith(b"\r\n")


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("Ben", "Invoice 1"),
        ("", "=?utf-8?q?not_encoded?="),
        ("O'Neill, Ltd. (Berlin)", "Rechnung für März"),
        ("আয়েশা", "فاتورة " + "طويلة " * 40),
        ("شركة المجوهرات " * 8, "a  b   c"),
        ("A" * 90, "word " * 60),
        ("Dot. At@Sign", 'quoted "words" and \\ more'),
    ],
)
def test_the_head_is_read_as_it_was_meant(name: str, subject: str) -> None:
    content, mail = written(name=name, subject=subject)
    assert shown(content) == name.strip()
    assert mail["To"].addresses[0].addr_spec == "ben@example.test"
    assert mail["Subject"].strip() == subject.strip()
    assert mail["From"].addresses[0].display_name == "Acme & Söhne"
    assert mail["Date"].datetime == NOON
    assert mail["Message-ID"] == "<1@acme.test>"
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("address", ["o'neill@example.test", "a.b+c@x-y.example.test"])
def test_every_address_stands_as_it_is(address: str) -> None:
    assert written(address=address)[1]["To"].addresses[0].addr_spec == address


def test_files_and_their_names_arrive_whole() -> None:
    names = ["INV-1.pdf", "Rechnung März 2026.pdf", 'a "b" \\ c.pdf', "x" * 120 + ".pdf", ".hidden"]
    contents = [b"%PDF" + bytes(range(256)) * 300, b"", b"\r\n.\r\n", b"--=_", b"x"]
    files = tuple(
        MailFile(name=name, media_type="application/pdf", content=content)
        for name, content in zip(names, contents, strict=True)
    )
    content, mail = written(files=files, text="Grüße\n.\nFrom here\n")
    parts = list(mail.iter_attachments())
    assert [part.get_filename() for part in parts] == names
    assert [part.get_payload(decode=True) for part in parts] == contents
    assert {part.get_content_type() for part in parts} == {"application/pdf"}
    body = mail.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["Grüße", ".", "From here"]
    assert_lines_end_by_crlf(content)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=300))
def test_every_text_is_read_back(text: str) -> None:
    content, mail = written(text=text)
    assert "\n".join(mail.get_content().splitlines()).strip("\n") == "\n".join(text.splitlines()).strip("\n")
    assert_lines_end_by_crlf(content)


@given(text=st.text(max_size=300), name=st.text(max_size=60), subject=st.text(max_size=200), file=st.text(min_size=1))
def test_no_line_ends_in_a_way_that_two_servers_could_read_differently(
    text: str, name: str, subject: str, file: str
) -> None:
    files = (MailFile(name=without_control(file), media_type="application/pdf", content=b"\n.\r\n"),)
    try:
        content, _ = written(text=text, name=without_control(name), subject=without_control(subject), files=files)
    except Invalid:
        return
    assert_lines_end_by_crlf(content)


@given(name=st.text(max_size=60), subject=st.text(max_size=200))
def test_whatever_stands_in_the_head_it_adds_no_line(name: str, subject: str) -> None:
    try:
        mail = written(name=without_control(name), subject=without_control(subject))[1]
    except Invalid:
        return
    assert [key for key in mail if key not in {"Content-Type", "Content-Transfer-Encoding"}] == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
    ]
