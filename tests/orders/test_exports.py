"""Lists as files: what spreadsheets see, what formulas become, who may run how many, and what a client leaves."""

import csv
import io
import socket
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.live import Live
from tests.orders.filling import fill
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode
from tranche.kernel.db.pool import Connection

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    "＝1",
    'a "b", c',
    "<b>&\\n\\",
    "a\nb\tc",
    "_x0041_",
    "plain",
    "",
]


def _rows(live: Live, **params: str) -> list[dict[str, str]]:
    answer = live.client.get("/api/orders/export", params={"format": "csv", **params})
    assert answer.headers["content-disposition"].startswith('attachment; filename="orders-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def _book(live: Live, path: str = "/api/orders/export", **params: str) -> openpyxl.Workbook:
    answer = live.client.get(path, params={"format": "xlsx", **params})
    assert answer.status_code == 200, answer.text
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    return openpyxl.load_workbook(io.BytesIO(answer.content))


@pytest.fixture
def nasty(live: Live, owner: Connection) -> Live:
    """One order for each nasty note, the total of the first one below zero."""
    fill(owner, live.context, count=len(NASTY))
    for number, note in enumerate(NASTY, start=1):
        owner.execute("UPDATE orders SET notes = %s WHERE number = %s", [note, f"N{number:06}"])
    owner.execute("UPDATE orders SET total = -12.50, kind = 'return' WHERE number = 'N000001'")
    owner.execute("UPDATE orders SET total = 12345678901234567.89 WHERE number = 'N000002'")
    return live


def test_a_formula_is_text_in_csv_and_a_negative_number_stays_one(nasty: Live) -> None:
    rows = _rows(nasty)
    guarded = [f"'{note}" for note in NASTY[:8]]
    assert [row["notes"] for row in rows] == [*guarded, *NASTY[8:]]
    assert (rows[0]["total"], rows[1]["total"]) == ("-12.50", "12345678901234567.89")


def test_a_workbook_holds_typed_cells_without_any_formula(nasty: Live) -> None:
    sheet = _book(nasty).active
    head, *rows = list(sheet.iter_rows())
    columns = [cell.value for cell in head]
    assert columns[:3] == ["id", "orderId", "batchId"]
    notes = [row[columns.index("notes")] for row in rows]
    # openpyxl reads line ends as XML does and leaves Excel's own escape to Excel
    plain = [str(cell.value or "").replace("_x000D_", "\r").replace("_x005F_", "_") for cell in notes]
    assert plain == NASTY
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d"}
    total, dated = columns.index("total"), columns.index("orderDate")
    assert Decimal(str(rows[0][total].value)) == Decimal("-12.5")
    assert rows[1][total].value == "12345678901234567.89", "a spreadsheet would cut its digits"
    assert rows[0][dated].value == datetime(2026, 1, 2)  # noqa: DTZ001  # as the clock of the organization shows it


def test_an_export_holds_what_the_list_under_the_same_filters_holds(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=60)
    params = {"status": "cancelled", "sort": "-total", "search": "N0000"}
    listed = live.client.get("/api/orders", params={**params, "limit": "1000"}).json()["data"]
    assert [int(row["id"]) for row in _rows(live, **params)] == [order["id"] for order in listed]
    sheet = _book(live, **params).active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [order["id"] for order in listed]


def test_times_are_those_of_the_organizations_zone(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=1)
    owner.execute("UPDATE organizations SET zone = 'Asia/Dhaka'")
    assert _rows(live)[0]["orderDate"] == "2026-01-02 06:00:00"


def test_every_list_can_be_exported_and_shows_no_other_organization(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=5)
    upload = live.client.post(
        "/api/orders/upload", files={"file": ("a.csv", b"orderId,customer,sku,quantity,unitPrice\nA,Bob,S,x,1\n")}
    ).json()
    live.wait(upload["operationId"])
    _, stranger = live.join("Other")
    lists = {
        "/api/orders/export": 5,
        "/api/orders/batches/export": 1,
        f"/api/orders/batches/{upload['id']}/errors/export": 1,
        f"/api/imports/{upload['importId']}/errors/export": 1,
        "/api/customers/export": 20,
        "/api/operations/export": 1,
        f"/api/operations/{upload['operationId']}/items/export": 0,
        "/api/items/export": 0,
        "/api/audit/export": 1,
    }
    for path, least in lists.items():
        for kind in ("csv", "xlsx"):
            assert live.client.get(path, params={"format": kind}).status_code == 200
        assert _book(live, path).active.max_row - 1 >= least, path
        foreign = stranger.get(path, params={"format": "csv"})
        unknown = stranger.get(path.replace(str(upload["importId"]), "999"), params={"format": "csv"})
        if "errors" in path or ("items/export" in path and "operations" in path):
            assert (foreign.status_code, foreign.json()["code"]) == (404, unknown.json()["code"])
        else:
            assert len(foreign.text.splitlines()) == (2 if "audit" in path else 1)
    assert live.client.get("/api/orders/export").json()["errors"][0]["pointer"] == "format"
    assert live.client.get("/api/orders/export?format=pdf").status_code == 400
    assert live.client.get("/api/orders/export?format=csv&page=2").status_code == 400


def _active(live: Live) -> int:
    """How many exports the database works on; only their own role sees that."""
    with live.database.transaction(None) as conn:
        (row,) = conn.execute(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'tranche export' AND state <> 'idle'"
            " AND datname = current_database()"
        ).fetchall()
    return int(row["n"])


def _until(check: Callable[[], bool], *, seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _begin(live: Live) -> socket.socket:
    """An export whose client reads nothing."""
    host, port = live.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    request = f"GET /api/orders/export?format=csv HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live.key}\r\n\r\n"
    client.sendall(request.encode())
    return client


def test_a_client_that_goes_away_stops_the_query_and_frees_the_connection(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=20_000, notes=400)
    with _begin(live) as client:
        assert client.recv(12) == b"HTTP/1.1 200"
        _until(lambda: _active(live) == 1)
    _until(lambda: _active(live) == 0)
    assert len(_rows(live, search="N00001")) == 10


def test_one_organization_has_two_exports_at_a_time_and_others_still_have_theirs(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=20_000, notes=400)
    with _begin(live) as one, _begin(live) as two:
        assert one.recv(12) == two.recv(12) == b"HTTP/1.1 200"
        refused = live.client.get("/api/orders/export?format=csv")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_exports")
        assert int(refused.headers["retry-after"]) > 0
        _, stranger = live.join("Other")
        assert stranger.get("/api/orders/export?format=csv").status_code == 200
        assert live.client.get("/api/orders?limit=1").status_code == 200
    _until(lambda: live.client.get("/api/orders/export?format=csv&search=N00001").status_code == 200)


def test_the_command_line_saves_a_list_whole_and_says_what_was_wrong(
    shell: Shell, live: Live, owner: Connection
) -> None:
    fill(owner, live.context, count=9)
    assert shell("orders", "export", "--filter", "status=open").out.count("\n") == 7
    assert shell("orders", "export", "--out", "o.xlsx", "--sort", "-id").code == ExitCode.OK
    assert openpyxl.load_workbook("o.xlsx").active.cell(2, 2).value == "N000009"
    for words in (("customers",), ("items",), ("operations",), ("audit",)):
        assert shell(*words, "export", "--format", "csv").code == ExitCode.OK
    assert shell("orders", "export-batches").out.startswith("\ufeffid,fileName")
    ran = shell("orders", "export", "--filter", "colour=red", "--out", "bad.csv")
    assert (ran.code, Path("bad.csv").exists()) == (ExitCode.USAGE, False)
    assert "--filter colour: this list has no such filter. There are: " in ran.err
    near = shell("orders", "export", "--filter", "statu=open").err
    assert "There are: status, " in near
    assert not {"format", "sort"} & set(near.rstrip(".\n").split(": ")[-1].split(", "))
    assert shell("orders", "export", "--filter", "red").code == ExitCode.USAGE
    ran = shell("orders", "export", "--out", "o.pdf")
    assert (ran.code, Path("o.pdf").exists()) == (ExitCode.USAGE, False)
    assert "o.pdf ends in neither .csv nor .xlsx" in ran.err
    assert shell("orders", "export", "--out", "o.txt", "--format", "csv").code == ExitCode.OK
