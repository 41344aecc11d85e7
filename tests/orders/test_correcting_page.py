"""The corrected workbook that comes in by its page."""

from typing import Any

import httpx
import pytest

from tests.live import Live
from tests.signing_in import cookies, sign_in
from tranche.kernel.db.pool import Connection
from tranche.kernel.storage.local import LocalFiles

ROWS = "orderId,customerName,itemName,quantity,unitPrice\nA1,Bob,Mug,1,5\nA2,Eve,Mug,none,5\n"
_OPEN = """
    SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'virtualxid' AND a.datname = current_database() AND a.application_name = 'tranche serve'
"""


def test_no_transaction_is_open_while_the_workbook_is_kept(
    live: Live, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = live.client.post(
        "/api/orders/upload", files={"file": ("a.csv", ROWS.encode())}, headers={"Prefer": "wait=30"}
    ).json()
    workbook = live.client.get(f"/api/imports/{batch['importId']}/errors.xlsx").content
    put = LocalFiles.put
    seen: list[int] = []

    def watched(self: LocalFiles, *args: Any, **given: Any) -> Any:
        seen.extend(row["n"] for row in owner.execute(_OPEN))
        return put(self, *args, **given)

    monkeypatch.setattr(LocalFiles, "put", watched)
    with httpx.Client(base_url=live.url, headers=cookies(sign_in(live.database, live.context)), timeout=30) as browser:
        page = f"/uploads/review/{batch['importId']}"
        answer = browser.post(f"{page}/workbook", files={"file": ("errors.xlsx", workbook)})
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert seen == [0], "a slow storage would end the connection in the middle"
