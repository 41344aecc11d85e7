"""An outbox with its postmen, one step at a time: put in, send, look, let time pass."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.notify import service
from tranche.kernel.notify.carriers import Carrier, MailCarrier, WebhookCarrier
from tranche.kernel.notify.checks import CHECKS, RUNNING_CHECKS
from tranche.kernel.notify.domain import EVENT_TYPES, Notification
from tranche.kernel.notify.mail import Mailer, Sender
from tranche.kernel.notify.posting import Poster
from tranche.kernel.notify.sending import Postman
from tranche.kernel.notify.service import IssuedEndpoint, Webhooks
from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.notify.smtp import Smtp, SmtpServer, Tls

KEY = SigningKey(b"k" * 32)
SENDER = Sender("noreply@acme.test", "Acme")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Office:
    """What a test of sending needs, for one organization."""

    def __init__(self, database: Database, owner: Connection, ctx: Context) -> None:
        self.database = database
        self.owner = owner
        self.ctx = ctx
        self.webhooks = Webhooks(KEY, entropy=secrets.token_bytes, wake=lambda _conn, _number: None, allow_private=True)

    def do(self, verb: Callable[..., Any], **given: Any) -> Any:
        """A verb that takes `conn`."""
        with self.database.transaction(self.ctx.organization_id) as conn:
            return verb(conn, **given)

    def act(self, verb: Callable[..., Any], **given: Any) -> Any:
        """A verb that takes `conn` and `ctx`."""
        with self.database.transaction(self.ctx.organization_id) as conn:
            return verb(conn, self.ctx, **given)

    def mail(self, address: str = "olga@example.test", **given: str) -> int:
        words = {"name": "Olga", "subject": "Your import is done", "text": "All of it.\n", **given}
        number: int = self.do(service.put_mail, event="operation.completed", address=address, **words)
        return number

    def endpoint(self, url: str, *, event_types: tuple[str, ...] = EVENT_TYPES) -> IssuedEndpoint:
        issued: IssuedEndpoint = self.act(
            self.webhooks.create, url=url, description="", event_types=event_types, is_enabled=True
        )
        return issued

    def publish(self, event: str = "operation.completed", **data: Any) -> int:
        count: int = self.do(service.publish, event=event, data=data or {"id": 1}, at=NOON)
        return count

    def send(self, carrier: Carrier) -> int:
        """Send what is due; how many attempts that were."""
        postman = Postman(self.database, carrier, domain=SENDER.domain, jitter=lambda: 0.0)
        return postman.drain(should_stop=lambda: False)

    def send_mails(self, mailer: Mailer, *, public_url: str | None = None) -> int:
        return self.send(MailCarrier(mailer, public_url=public_url))

    def send_webhooks(self, *, key: SigningKey = KEY, allow_private: bool = True, only_healthy: bool = False) -> int:
        poster = Poster(allow_private=allow_private, seconds=2.0)
        return self.send(WebhookCarrier(poster, key, clock=lambda: datetime.now(UTC), only_healthy=only_healthy))

    def all(self) -> list[Notification]:
        """Oldest first."""
        found, _ = self.do(service.get_notifications, limit=100, offset=0)
        return list(reversed(found))

    def only(self) -> Notification:
        (found,) = self.all()
        return found

    def log(self) -> list[Row]:
        """Every attempt, oldest first."""
        return self.owner.execute("SELECT * FROM notification_attempts ORDER BY id").fetchall()

    def due_in(self) -> float:
        """Seconds until the only one that waits is tried again."""
        (row,) = self.owner.execute(
            "SELECT extract(epoch FROM next_attempt_at - now())::float AS s FROM notifications WHERE status = 'pending'"
        ).fetchall()
        return float(row["s"])

    def hurry(self) -> None:
        """The time of the next attempt has come."""
        self.owner.execute("UPDATE notifications SET next_attempt_at = now() WHERE status = 'pending'")

    def let_leases_lapse(self) -> None:
        self.owner.execute(
            "UPDATE notifications SET lease_until = now() - interval '1 second' WHERE status = 'sending'"
        )

    def is_sound(self) -> bool:
        hits = [
            hit for check in (*CHECKS, *RUNNING_CHECKS) for hit in self.owner.execute(check.sql.encode()).fetchall()
        ]
        assert hits == []
        return True


def smtp(port: int, *, seconds: float = 5.0) -> Smtp:
    server = SmtpServer(host="127.0.0.1", port=port, tls=Tls.NONE)
    return Smtp(server, sender=SENDER, seconds=seconds)
