"""How fast mails leave: a run of Tranche beside aiosmtplib alone, to the same local SMTP server.

    python bench/messages.py                 1,500 mails of about 40 kB
    python bench/messages.py --mails 10000 --markdown bench/RESULTS.md

Tranche's figure is taken from the first message's acceptance to the last one's, in a real run of a real worker with its
two slots, ledger and outbox included, PostgreSQL with `fsync` and `synchronous_commit` on, the PDFs being printed by a
run before, whose figure is told as well. aiosmtplib alone sends mails of the same size over two and over as many
connections as we open, composed beforehand, written down nowhere, once before ours and once after, because a machine is
not equally fast at all times. The server takes them and forgets them. Compare ratios of one run.
"""

import argparse
import asyncio
import multiprocessing
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from email.message import EmailMessage
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.controller import Controller

from house import Client, open_house
from memory import WORKER, Peaks
from table import Line, Run, show, write
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import Database

_CONNECTIONS = 8  # what a worker of two slots opens
_ABOUT = 53_000  # bytes of a mail, before ours are there to be weighed
_TARGET = 0.7
_BASE64 = 1.37
_ASK = """
    WITH mails AS (
        SELECT count(*) AS sent, extract(epoch FROM max(sent_at) - min(handed_at)) AS seconds, min(operation_id) AS id
        FROM messages WHERE status = 'sent'
    ), printed AS (
        SELECT o.id, extract(epoch FROM max(i.updated_at) - o.started_at) AS printing,
            extract(epoch FROM o.finished_at - max(i.updated_at)) AS bundling
        FROM operations o JOIN operation_items i ON i.operation_id = o.id AND i.stage = 'pdf'
        WHERE o.kind = 'invoice_pdfs' GROUP BY o.id, o.started_at, o.finished_at
    )
    SELECT m.sent, m.seconds, extract(epoch FROM o.finished_at - o.started_at) AS run, p.printing, p.bundling,
        (SELECT avg(size) FROM invoice_files) AS size, current_setting('server_version') AS version
    FROM mails m JOIN operations o ON o.id = m.id CROSS JOIN printed p
"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=1_500)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready, port = context.Event(), context.Value("i", 0)
    server = context.Process(target=_serve, args=(ready, port), daemon=True)
    server.start()
    ready.wait(20)
    before = _alone_all(options.mails, port.value, _ABOUT)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the database's user must pass through
        ours = _ours(Path(folder), options.mails, port.value)
    behind = _alone_all(options.mails, port.value, ours.size)
    alone = {count: (before[count] + behind[count]) / 2 for count in before}
    server.terminate()
    best = min(alone.values())
    lines = [
        Line(what=f"**{options.mails:,} mails of {ours.size / 1000:.0f} kB**"),
        *(
            Line(
                what=f"aiosmtplib alone, {count} connections", rows=options.mails, seconds=seconds, ratio=best / seconds
            )
            for count, seconds in alone.items()
        ),
        Line(
            what="Tranche, one worker of two slots",
            rows=options.mails,
            seconds=ours.seconds,
            ratio=best / ours.seconds,
            megabytes=ours.megabytes,
            target="≥ 0.7 of the faster",
            met=best / ours.seconds >= _TARGET,
        ),
        Line(what="the whole run of sending, start to end", rows=options.mails, seconds=ours.run),
        Line(what="a run before: the PDFs printed, one worker of two slots", rows=options.mails, seconds=ours.printing),
        Line(what="the same run: zip, manifest and combined file of them", rows=options.mails, seconds=ours.bundling),
    ]
    run = Run(command=f"python bench/messages.py --mails {options.mails}", postgres=ours.postgres)
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="mails")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """How long our mails took and what each weighs as a mail; `megabytes` is the worker's peak."""

    seconds: float
    run: float
    printing: float
    bundling: float
    size: int
    megabytes: str
    postgres: str


class _Sink:
    async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802  # the library's name
        return "250 2.0.0 Ok: queued"


def _serve(ready: Event, port: Any) -> None:  # noqa: ANN401  # a shared number
    with socket.create_server(("127.0.0.1", 0)) as free:
        port.value = free.getsockname()[1]
    Controller(_Sink(), hostname="127.0.0.1", port=port.value).start()
    ready.set()
    while True:
        time.sleep(60)


def _ours(folder: Path, mails: int, port: int) -> _Ours:
    with (
        EmbeddedPostgres.start(folder, pg_bin=None) as postgres,
        open_house(postgres, folder, name="bench") as house,
        house.client("Acme") as client,
        house.workers(1) as workers,
        Peaks(server=house.server, workers=workers, postmaster=0) as peaks,
    ):
        ids, item = _seed(house.database, client.organization_id, mails)
        options = {"items": [{"inventory_item_id": item, "quantity": 2, "unit_price": 100}]}
        _run(client, "invoices", {"customer_ids": ids, "options": options})
        with house.database.transaction(client.organization_id) as conn:
            invoices = [row["id"] for row in conn.execute("SELECT id FROM invoices ORDER BY id").fetchall()]
        _run(client, "pdfs", {"invoice_ids": invoices, "options": {"create_combined_pdf": True}})
        settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from": "Acme <pay@acme.test>"}
        client.put("/api/message-channels/email", {"data": {"provider": "smtp", "settings": settings}})
        house.settle()
        _run(client, "communications", {"invoice_ids": invoices, "method": "email"})
        with house.database.transaction(client.organization_id) as conn:
            (row,) = conn.execute(_ASK).fetchall()
    if row["sent"] != mails:
        sys.exit(f"{row['sent']} of {mails} mails were sent.")
    return _Ours(
        seconds=float(row["seconds"]),
        run=float(row["run"]),
        printing=float(row["printing"]),
        bundling=float(row["bundling"]),
        size=int(float(row["size"]) * _BASE64),
        megabytes=f"{peaks.bytes[WORKER] / 1e6:.0f}",
        postgres=row["version"],
    )


def _run(client: Client, what: str, body: dict[str, Any]) -> None:
    started = client.post(f"/api/batch-operations/{what}", body)
    client.wait(int(started["id"]), pause=0.2)


def _seed(database: Database, organization_id: int, count: int) -> tuple[list[int], int]:
    with database.transaction(organization_id) as conn:
        rows = conn.execute(
            """
            INSERT INTO customers (organization_id, code, name, name_folded, email)
            SELECT current_organization(), 'C-' || n, 'Customer ' || n, 'customer ' || n, 'c' || n || '@example.test'
            FROM generate_series(1, %(count)s) AS n RETURNING id
            """,
            {"count": count},
        ).fetchall()
        (item,) = conn.execute(
            """
            INSERT INTO items (organization_id, code, name, name_folded)
            VALUES (current_organization(), 'RING', 'Gold ring', 'gold ring') RETURNING id
            """
        ).fetchall()
    return [row["id"] for row in rows], item["id"]


def _alone_all(mails: int, port: int, size: int) -> dict[int, float]:
    """Seconds by the number of connections."""
    return {count: asyncio.run(_alone(mails, port, size, count)) for count in (2, _CONNECTIONS)}


async def _alone(mails: int, port: int, size: int, connections: int) -> float:
    """How many seconds it took."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "pay@acme.test", "ben@example.test", "Invoice"
    message.set_content("Here it is.\n")
    message.add_attachment(bytes(int(size / _BASE64)), maintype="application", subtype="pdf", filename="invoice.pdf")
    content = message.as_bytes()

    async def send(count: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for _ in range(count):
                await client.sendmail("pay@acme.test", "ben@example.test", content)

    began = time.monotonic()
    await asyncio.gather(*(send(mails // connections) for _ in range(connections)))
    return time.monotonic() - began


if __name__ == "__main__":
    main()
