"""Encryption with real certificates: for the name that was asked for, not for the address it led to."""

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.office import NOON, SENDER
from tests.ports import free_port
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.mail import Mail
from tranche.kernel.notify.posting import Poster, Reply
from tranche.kernel.notify.smtp import Smtp, SmtpServer, Tls

HOST = "hook.example.test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for HOST, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    words = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}".split()
    subprocess.run(
        ["openssl", *words, "-keyout", folder / "key", "-out", folder / "certificate"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    both = folder / "both"
    both.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return both


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def context(certificate: Path) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate)
    return found


@contextmanager
def https(certificate: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context(certificate).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post(host: str, port: int) -> Reply | Outcome:
    poster = Poster(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"], seconds=5.0)
    return poster.post(f"https://{host}:{port}/", content=b"{}", headers={})


@pytest.mark.usefixtures("trusted")
def test_the_certificate_must_be_for_the_name(certificate: Path) -> None:
    with https(certificate) as port:
        reply = post(HOST, port)
        assert isinstance(reply, Reply)
        assert reply.is_taken
        outcome = post("other.example.test", port)
        assert isinstance(outcome, Outcome)
        assert outcome.error_code == "tls"


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with https(certificate) as port:
        outcome = post(HOST, port)
        assert isinstance(outcome, Outcome)
        assert outcome.error_code == "tls"


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT, Tls.AUTO])
def test_mails_go_out_encrypted(certificate: Path, tls: Tls) -> None:
    with mail_server(certificate, tls) as found:
        assert send(found.port, tls).is_sent
        assert len(found.mails) == 1


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT, Tls.AUTO])
def test_no_mail_goes_to_a_server_that_nobody_vouches_for(certificate: Path, tls: Tls) -> None:
    with mail_server(certificate, tls) as found:
        outcome = send(found.port, tls)
        assert (outcome.is_sent, outcome.is_permanent) == (False, False)
        assert outcome.error_code in {"tls", "connection"}
        assert found.mails == []


@contextmanager
def mail_server(certificate: Path, tls: Tls) -> Iterator[Mailbox]:
    found = Mailbox(port=free_port())
    wrap: Callable[..., Controller] = Controller
    if tls is Tls.IMPLICIT:
        controller = wrap(found, hostname="127.0.0.1", port=found.port, ssl_context=context(certificate))
    else:
        controller = wrap(
            found, hostname="127.0.0.1", port=found.port, tls_context=context(certificate), require_starttls=True
        )
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


def send(port: int, tls: Tls) -> Outcome:
    server = SmtpServer(host=HOST, port=port, tls=tls)
    mailer = Smtp(server, sender=SENDER, seconds=5.0, resolve=lambda _host, _port: ["127.0.0.1"])
    mail = Mail(message_id="<1@acme.test>", address="a@b.test", name="", subject="S", text="T\n", written_at=NOON)
    try:
        return mailer.send(mail)
    finally:
        mailer.close()
