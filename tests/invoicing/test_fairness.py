"""Runs of several organizations and of several urgencies beside each other."""

import time
from collections.abc import Callable

import httpx

from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

_BATCH = "/functions/v1/batch-invoice-orders"


def _orders(live: Live, context: Context, count: int, *, prefix: str) -> None:
    with live.database.transaction(context.organization_id) as conn:
        make_orders(conn, customer_id=make_customer(conn, name=f"Miller {prefix}"), count=count, prefix=prefix, lines=1)


def _slow_down(owner: Connection, context: Context, *, seconds_per_invoice: float) -> None:
    owner.execute(
        f"""
        CREATE FUNCTION drag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_sleep({seconds_per_invoice:f} * (
                SELECT count(*) FROM made WHERE organization_id = {context.organization_id}
            ));
            RETURN NULL;
        END $$;
        CREATE TRIGGER drag AFTER INSERT ON invoices REFERENCING NEW TABLE AS made
            FOR EACH STATEMENT EXECUTE FUNCTION drag();
        """.encode()
    )


def _start(client: httpx.Client, prefix: str, **more: object) -> str:
    answer = client.post(_BATCH, json={"filter": {"search": prefix}, **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_a_small_job_of_one_organization_does_not_wait_for_a_large_one_of_another(
    live: Live, owner: Connection
) -> None:
    _slow_down(owner, live.context, seconds_per_invoice=0.004)
    other, client = live.join()
    _orders(live, live.context, 4_000, prefix="LARGE-")
    _orders(live, other, 10, prefix="SMALL-")
    large = _start(live.client, "LARGE-")
    while not live.client.get(f"/api/batch-jobs/{large}").json()["data"]["successful_items"]:
        time.sleep(0.05)
    begun = time.monotonic()
    small = _start(client, "SMALL-")
    job = client.get(f"/api/batch-jobs/{small}", headers={"Prefer": "wait=20"}).json()["data"]
    assert (job["status"], job["successful_items"]) == ("completed", 10)
    assert time.monotonic() - begun < 5
    state = live.client.get(f"/api/batch-jobs/{large}").json()["data"]
    assert state["status"] == "processing", "the large job was over too soon to be in the way"
    live.client.post(f"/api/batch-jobs/{large}/cancel")
    live.wait(state["operation_id"])


def test_an_urgent_job_is_begun_before_those_that_wait(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False, worker_slots=1)
    for name in ("A-", "B-", "C-"):
        _orders(live, live.context, 1_100, prefix=name)  # too many for the express way of small work
    _start(live.client, "A-")
    _start(live.client, "B-", priority="low")
    urgent = _start(live.client, "C-", priority="high")
    live.start_worker()
    jobs = live.client.get("/api/batch-jobs").json()["data"]
    for job in jobs:
        live.wait(job["operation_id"])
    jobs = live.client.get("/api/batch-jobs").json()["data"]
    begun = sorted(jobs, key=lambda job: str(job["started_at"]))
    assert begun[0]["id"] == urgent
    assert [job["priority"] for job in begun] == [5, 0, -5]
