"""The day of an order is that of its file, wherever the organization is: in the list, on pages, at the command line."""

import httpx
import pytest

from tests.live import Live
from tests.orders.test_commands import HEADER, keep
from tests.shell import Shell
from tests.signing_in import cookies, sign_in
from tranche.kernel.db.pool import Connection

_ROW = "A1,Bob,S-1,2,9.99,2026-11-01\n"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Berlin", "UTC", "Pacific/Pago_Pago"])
def test_a_day_of_the_file_is_that_day_everywhere(live: Live, shell: Shell, owner: Connection, zone: str) -> None:
    owner.execute("UPDATE organizations SET zone = %s", (zone,))
    assert shell("orders", "upload", keep("orders.csv", HEADER.replace("\n", ",date\n") + _ROW)).code == 0
    (order,) = live.client.get("/api/orders").json()["data"]
    assert order["orderDay"] == "2026-11-01"
    (line,) = shell("orders", "list").table
    assert line["Date"] == "2026-11-01"
    headers = cookies(sign_in(live.database, live.context))
    for path in ("/orders", f"/orders/{order['id']}"):
        page = httpx.get(live.url + path, headers=headers).raise_for_status().text
        assert "1 Nov 2026" in page
        assert "31 Oct 2026" not in page
        assert "2 Nov 2026" not in page
