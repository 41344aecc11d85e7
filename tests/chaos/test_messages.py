"""Workers killed while mails go out: none leaves twice by itself, and what is in doubt says so."""

import asyncio
import random
import signal
import sys
from collections import Counter
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.chaos.chance import make_chance
from tests.chaos.drag import house_do
from tests.chaos.house import House, Started
from tests.chaos.processes import Crew, Supervisor
from tests.chaos.scale import SCALE
from tests.chaos.selling import begin_run, make_sale, started_by
from tests.chaos.verdict import assert_sound, assert_tidy
from tests.chaos.waiting import eventually
from tests.kernel.notify.mailbox import Mailbox, mailbox
from tranche.invoicing.bulk import service as bulk
from tranche.invoicing.bulk.domain import SendWish
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.notify.mail import Sender
from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.operations.service import Operations
from tranche.kernel.secrets import SecretBox
from tranche.kernel.settings import Settings
from tranche.messaging import service as messaging
from tranche.messaging.channels.opening import Surroundings
from tranche.messaging.domain import Channel, Provider
from tranche.modules import make_modules, make_registry
from tranche.outward import make_outward

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

_MAILS = 3_000 if SCALE.is_long else 600
_KILLS = 6 if SCALE.is_long else 2
_SENT = "SELECT FROM messages WHERE status = 'sent'"
_IN_HAND = 2 * 32  # what the two slots of a worker hold at most


class _Slow(Mailbox):
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the library's
        await asyncio.sleep(0.02)
        return await super().handle_DATA(server, session, envelope)


def _set_up(house: House, port: int) -> None:
    settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from": "Acme <pay@acme.test>"}
    around = Surroundings(home=house.home, sender=Sender("pay@acme.test"), allow_private=True)
    with house.database.transaction(house.ctx.organization_id) as conn:
        messaging.change_channel(
            conn,
            house.ctx,
            SecretBox(b"k" * 32),
            around,
            channel=Channel.EMAIL,
            provider=Provider.SMTP,
            settings=settings,
            secrets={},
            rate_per_second=None,
        )


def _make_operations(house: House) -> Operations:
    """Those of a house that sends; the workers' own do, this process's need to know the kinds."""
    outward = make_outward(
        Settings(home=house.home), database=house.database, files=house.files, key=SigningKey(b"k" * 32)
    )
    registry = make_registry(make_modules(Settings(home=house.home), files=house.files, outward=outward))
    return Operations(ProcrastinateQueue(), registry)


def _begin_sending(house: House, operations: Operations) -> Started:
    wish, facts = SendWish(channel=Channel.EMAIL, include_pdf=False), dict[str, Any]()
    ids = [row["id"] for row in house.rows("SELECT id FROM invoices ORDER BY id")]
    with house.database.transaction(house.ctx.organization_id) as conn:
        conn.execute("UPDATE customers SET email = 'ben@example.test'")
        return started_by(bulk.start_messages(conn, house.ctx, operations, invoice_ids=ids, wish=wish, metadata=facts))


def _strike(house: House, supervisor: Supervisor, chance: random.Random, mails: int) -> None:
    """Kill a worker that holds messages, once so many have arrived; its leases, of 90 s, lapse at once."""
    eventually(lambda: len(house.rows(_SENT)) >= mails, seconds=60, what=f"{mails} mails")
    busy = {claim["pid"] for claim in house.claims()}
    working = [process for process in supervisor.living() if process.pid in busy]
    if not working:
        return
    victim = chance.choice(working)
    victim.kill()
    house_do(
        house,
        f"""
        UPDATE operation_items SET lease_until = clock_timestamp()
        WHERE status = 'processing' AND lease_by IN (SELECT id FROM workers WHERE pid = {victim.pid})
        """,
    )


def test_kill_9_while_mails_go_out_sends_none_twice(house: House, crew: Crew) -> None:
    chance = make_chance()
    make_sale(house, orders=_MAILS, tracked=False)
    supervisor = Supervisor(crew.worker, count=2)
    with supervisor.watching(), mailbox(_Slow) as post_box:
        _set_up(house, post_box.port)
        operations = _make_operations(house)
        for process in supervisor.living():
            crew.wait_for_beat(process)
        assert house.wait(begin_run(house)).status == "completed"
        started = _begin_sending(house, operations)
        for number in range(_KILLS):
            _strike(house, supervisor, chance, mails=(number + 1) * _MAILS // (3 * _KILLS))
        house.wait(started, seconds=150)
        assert supervisor.deaths
        _assert_sent(house, started, post_box, kills=len(supervisor.deaths))
    assert set(supervisor.deaths) == {-signal.SIGKILL}, "a worker ended that nobody had killed"


def _assert_sent(house: House, started: Started, post_box: Mailbox, *, kills: int) -> None:
    arrived = Counter(post_box.message_ids)
    assert set(arrived.values()) <= {1}, "a mail left twice"
    rows = house.rows("SELECT mail_id, status FROM messages WHERE operation_id = %(id)s", {"id": started.operation_id})
    found = {row["mail_id"]: row["status"] for row in rows}
    operation = house.operation(started)
    assert set(found.values()) <= {"sent", "unknown"}
    assert {key for key, status in found.items() if status == "sent"} <= set(arrived) <= set(found)
    assert (operation.succeeded + operation.unknown, operation.failed) == (_MAILS, 0)
    in_doubt = sum(status == "unknown" for status in found.values())
    assert in_doubt <= operation.unknown <= kills * _IN_HAND  # of some the worker had not written the message yet
    sys.stdout.write(f"{kills} kills, {operation.unknown} in doubt, {len(arrived)} arrived\n")
    assert_tidy(house)
    assert_sound(house)
