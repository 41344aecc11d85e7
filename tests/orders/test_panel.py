"""What the page of an operation says of an upload that has ended: only what there is."""

from typing import Any

import pytest

from tests.live import Live
from tests.pages.visits import visit
from tranche.kernel.context import Role

_HEADER = "orderId,customerName,itemName,quantity,unitPrice\n"
_GOOD, _BAD = "A1,Bob,Mug,1,5\n", "A2,Eve,Mug,none,5\n"


def _page(live: Live, rows: str, *, role: Role = Role.ADMIN, **options: Any) -> str:
    answer = live.client.post(
        "/api/orders/upload", files={"file": ("a.csv", (_HEADER + rows).encode())}, params=options
    ).json()
    live.wait(answer["operationId"])
    return visit(live, role=role).get(f"/operations/{answer['operationId']}").text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_GOOD, "<p>See its orders, or undo it.</p>"),
        (_GOOD + _BAD, "<p>See its orders, undo it, or take the workbook of errors.</p>"),
        (_BAD, "<p>Take the workbook of errors.</p>"),
    ],
    ids=["good", "mixed", "bad"],
)
def test_an_upload_that_has_ended_offers_what_there_is(rows: str, said: str, live: Live) -> None:
    assert said in _page(live, rows)


def test_who_may_only_look_is_not_told_to_undo(live: Live) -> None:
    assert "<p>See its orders.</p>" in _page(live, _GOOD, role=Role.VIEWER)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_GOOD, "<p>Look at what would come in.</p>"),
        (_BAD, "<p>Look at what would come in, and put right what is wrong.</p>"),
    ],
    ids=["good", "bad"],
)
def test_a_trial_speaks_of_errors_where_there_are_some(rows: str, said: str, live: Live) -> None:
    assert said in _page(live, rows, dryRun="true")
