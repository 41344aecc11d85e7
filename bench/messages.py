"""How fast mails leave: a run of Tranche beside aiosmtplib alone, to the same local SMTP server.

    python bench/messages.py                 1,500 mails of about 40 KB
    python bench/messages.py --mails 10000

Tranche's figure is taken from the first message's acceptance to the last one's, in a real run of a real worker with
its two slots, ledger and outbox included, the PDFs being printed before. aiosmtplib alone sends mails of the same size
over as many connections, composed beforehand. Compare ratios of one run.
"""

import argparse
import asyncio
import multiprocessing
import socket
import tempfile
import time
from decimal import Decimal
from email.message import EmailMessage
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.controller import Controller

from house import Client, open_house
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import Database

_CONNECTIONS = 2


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mails", type=int, default=1_500)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready, port = context.Event(), context.Value("i", 0)
    server = context.Process(target=_serve, args=(ready, port), daemon=True)
    server.start()
    ready.wait(20)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the database's user must pass through
        ours, size = _ours(Path(folder), options.mails, port.value)
    alone = asyncio.run(_alone(options.mails, port.value, size))
    print(f"mails of {size / 1000:.0f} kB")
    print(f"aiosmtplib alone, {_CONNECTIONS} connections  {alone:8.1f} mails/s")
    print(f"Tranche, one worker           {ours:8.1f} mails/s   {ours / alone:5.2f} of aiosmtplib alone")
    server.terminate()


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


def _ours(folder: Path, mails: int, port: int) -> tuple[float, int]:
    with (
        EmbeddedPostgres.start(folder, pg_bin=None) as postgres,
        open_house(postgres, folder, name="bench") as house,
        house.client("Acme") as client,
        house.workers(1),
    ):
        ids, item = _seed(house.database, client.organization_id, mails)
        options = {"items": [{"inventory_item_id": item, "quantity": 2, "unit_price": 100}]}
        _run(client, "invoices", {"customer_ids": ids, "options": options})
        with house.database.transaction(client.organization_id) as conn:
            invoices = [row["id"] for row in conn.execute("SELECT id FROM invoices ORDER BY id").fetchall()]
        _run(client, "pdfs", {"invoice_ids": invoices})
        settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from": "Acme <pay@acme.test>"}
        client.send("PUT", "/api/message-channels/email", {"data": {"provider": "smtp", "settings": settings}})
        _run(client, "communications", {"invoice_ids": invoices, "method": "email"})
        with house.database.transaction(client.organization_id) as conn:
            (row,) = conn.execute(
                """
                SELECT count(*) AS sent, extract(epoch FROM max(sent_at) - min(sent_at)) AS seconds,
                    (SELECT avg(size) FROM invoice_files) AS size
                FROM messages WHERE status = 'sent'
                """
            ).fetchall()
    return (row["sent"] - 1) / float(row["seconds"] or Decimal(1)), int(row["size"] * Decimal("1.37"))


def _run(client: Client, what: str, body: dict[str, Any]) -> None:
    started = client.send("POST", f"/api/batch-operations/{what}", body)
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


async def _alone(mails: int, port: int, size: int) -> float:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "pay@acme.test", "ben@example.test", "Invoice"
    message.set_content("Here it is.\n")
    message.add_attachment(bytes(int(size / 1.37)), maintype="application", subtype="pdf", filename="invoice.pdf")
    content = message.as_bytes()

    async def send(count: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for _ in range(count):
                await client.sendmail("pay@acme.test", "ben@example.test", content)

    began = time.monotonic()
    await asyncio.gather(*(send(mails // _CONNECTIONS) for _ in range(_CONNECTIONS)))
    return mails / (time.monotonic() - began)


if __name__ == "__main__":
    main()
