"""What `tranche doctor` asks of sending: the key that signs, and the mail server."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import TrancheError
from tranche.kernel.module import Probe
from tranche.kernel.notify.mail import read_sender
from tranche.kernel.notify.queries import endpoints
from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.notify.smtp import Smtp, read_server
from tranche.kernel.text import plural


def make_key_probe(key: Callable[[], SigningKey]) -> Probe:
    """Compares this machine's signing key with the one that each webhook's secret came from."""

    def look(conn: Connection) -> Sequence[tuple[int | None, str]]:
        marks = endpoints.list_key_marks(conn)
        if not marks:
            return ()
        try:
            own = key().mark
        except TrancheError as error:
            return [(None, error.message)]
        return [
            (
                row["organization_id"],
                f"{plural(row['count'], 'secret')} of webhooks come from another signing key than this machine's",
            )
            for row in marks
            if bytes(row["key_mark"]) != own
        ]

    return Probe(name="the signing key is the one of all webhooks", look=look)


def make_mail_probe(smtp_url: str | None, *, password_file: Path | None, mail_from: str) -> Probe:
    """Connects to the mail server of the settings and signs in there; without one there is nothing to ask."""

    def look() -> Sequence[tuple[int | None, str]]:
        if smtp_url is None:
            return ()
        try:
            server = read_server(smtp_url, password_file=password_file)
            with closing(Smtp(server, sender=read_sender(mail_from))) as smtp:
                fault = smtp.find_fault()
        except TrancheError as error:
            fault = error.message
        return [(None, fault)] if fault else ()

    return Probe(name="the mail server lets us in", look=look, needs_database=False)
