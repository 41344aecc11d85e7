"""What a process measures of itself: requests by template, never by what a caller wrote."""

import asyncio

import httpx
from litestar import get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from prometheus_client import generate_latest

from tests.kernel.web.sample import sample_app
from tranche.kernel.metrics import Metrics, measured
from tranche.kernel.web.auth import OPEN


@get("/things/{thing_id:int}", opt={OPEN: True})
async def get_thing(thing_id: FromPath[int]) -> int:
    if not thing_id:
        raise HTTPException(status_code=409)
    return thing_id


def _page(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_requests_are_counted_by_template_and_status() -> None:
    metrics = Metrics(version="1.2.3")
    app = measured(sample_app(routes=[get_thing]), metrics)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here.test") as client:
            for number in (7, 8, 0):
                await client.get(f"/things/{number}")
            await client.get("/no/such/place/4711")
            await client.request("BREW", "/things/7")

    asyncio.run(ask())
    page = _page(metrics)
    assert 'tranche_info{version="1.2.3"} 1.0' in page
    ours = '{method="GET",route="/things/{thing_id}",status='
    assert f'tranche_http_requests_total{ours}"200"}} 2.0' in page
    assert f'tranche_http_requests_total{ours}"409"}} 1.0' in page
    assert 'tranche_http_request_seconds_count{method="GET",route="/things/{thing_id}"} 3.0' in page
    assert 'route="none",status="404"' in page
    for secret in ("4711", "BREW"):
        assert secret not in page


def test_a_piece_of_work_is_measured_by_kind_phase_and_outcome() -> None:
    metrics = Metrics(version="1")
    metrics.observe_chunk("order_import", "commit", 0.3, "done")
    assert 'tranche_chunk_seconds_sum{kind="order_import",outcome="done",phase="commit"} 0.3' in _page(metrics)
