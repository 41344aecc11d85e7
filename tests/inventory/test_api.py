"""The endpoints and commands of items against the running product."""

import io
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from tests.imports.factories import data_folder
from tests.live import Live
from tests.naming import nameless
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode
from tranche.kernel.context import Role

GOOD = "SKU,Name,Price,Colour\nS-1,Mug,4.50,red\nS-2,Plate,,blue\n"
MIXED = "SKU,Name,Price\nS-3,Cup,1\nS-4,,1\n"


def send(client: httpx.Client, text: str, **params: str) -> httpx.Response:
    return client.post("/api/items/upload", files={"file": ("items.csv", text.encode())}, params=params)


def bring(live: Live, text: str, **params: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An upload, and its operation when that has ended."""
    answer = send(live.client, text, **params)
    assert answer.status_code == 202, answer.text
    started = answer.json()["data"]
    assert answer.headers["location"] == f"/api/operations/{started['operationId']}"
    return started, live.wait(started["operationId"])


def test_items_come_in_and_are_listed(live: Live) -> None:
    started, ended = bring(live, GOOD)
    assert started.keys() == {"importId", "operationId", "fileName", "dryRun", "status"}
    assert (ended["kind"], ended["status"], ended["succeeded"]) == ("item_import", "completed", 2)
    listed = live.client.get("/api/items", params={"limit": 1}).json()
    assert listed["pagination"]["totalItems"] == 2
    (mug,) = listed["data"]
    assert mug.keys() == {
        "id",
        "code",
        "name",
        "unitPrice",
        "stockTracking",
        "extra",
        "createdAt",
        "updatedAt",
    }
    assert (mug["code"], mug["unitPrice"], mug["stockTracking"], mug["extra"]) == (
        "S-1",
        4.50,
        "none",
        {"Colour": "red"},
    )
    assert live.client.get(f"/api/items/{mug['id']}").json()["data"] == mug
    for search, names in (("pla", ["Plate"]), ("S-1", ["Mug"]), ("%", []), ("x" * 300, [])):
        found = live.client.get("/api/items", params={"search": search}).json()
        assert [item["name"] for item in found["data"]] == names
    assert live.client.get("/api/items", params={"search": "x" * 301}).status_code == 400
    assert live.client.get("/api/items/999").json()["code"] == "unknown_item"


def test_errors_groups_and_the_workbook_are_the_machines_own(live: Live) -> None:
    started, ended = bring(live, MIXED)
    assert (ended["status"], ended["succeeded"], ended["failed"]) == ("completed_with_errors", 1, 1)
    path = f"/api/imports/{started['importId']}"
    (error,) = live.client.get(f"{path}/errors").json()["data"]
    assert (error["row"], error["column"], error["code"]) == (3, "Name", "missing_field")
    (group,) = live.client.get(f"{path}/errors/groups").json()["data"]
    assert (group["code"], group["count"]) == ("missing_field", 1)
    book = openpyxl.load_workbook(io.BytesIO(live.client.get(f"{path}/errors.xlsx").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert rows[0] == ["SKU", "Name", "Price", "_row", "_errors"]
    assert rows[1][:4] == ["S-4", None, "1", 3]


def test_a_dry_run_is_confirmed_and_the_import_undone(live: Live) -> None:
    started, report = bring(live, GOOD, dryRun="true")
    assert report["succeeded"] == 2
    assert live.client.get("/api/items").json()["data"] == []
    confirmed = live.client.post(f"/api/imports/{started['importId']}/import")
    assert (confirmed.status_code, confirmed.json()["data"]["operationId"]) == (202, started["operationId"])
    assert live.wait(started["operationId"])["succeeded"] == 2
    undo = live.client.post(f"/api/imports/{started['importId']}/undo")
    assert undo.status_code == 202
    ended = live.wait(undo.json()["data"]["operationId"])
    assert (ended["kind"], ended["succeeded"]) == ("item_undo", 2)
    assert live.client.get("/api/items").json()["data"] == []
    assert live.client.post(f"/api/imports/{started['importId']}/undo").json()["code"] == "import_undone"


def test_who_prefers_to_wait_is_told_how_each_ended(live: Live) -> None:
    wait = {"Prefer": "wait=30"}

    def ask(path: str, **more: Any) -> dict[str, Any]:
        answer = live.client.post(path, headers=wait, **more)
        assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=30"), answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    report = ask("/api/items/upload", files={"file": ("a.csv", GOOD.encode())}, params={"dryRun": "true"})
    assert (report["status"], report["dryRun"]) == ("completed", True)
    path = f"/api/imports/{report['importId']}"
    assert ask(f"{path}/judge", json={"mapping": {"name": "Colour"}})["status"] == "completed"
    confirmed = ask(f"{path}/import")
    assert (confirmed["status"], confirmed["dryRun"]) == ("completed", False)
    assert {item["name"] for item in live.client.get("/api/items").json()["data"]} == {"red", "blue"}
    assert ask(f"{path}/undo")["status"] == "completed"
    assert live.client.get("/api/items").json()["data"] == []


def test_what_cannot_be_taken_is_refused(live: Live) -> None:
    for params in ({"mode": "some"}, {"onDuplicate": "burn"}, {"dryRun": "yes"}, {"colour": "red"}, {"mapping": "["}):
        assert send(live.client, GOOD, **params).status_code == 400, params
    unknown = send(live.client, GOOD, mapping='{"quantity": "Price"}')
    assert (unknown.status_code, unknown.json()["code"]) == (400, "invalid_mapping")
    assert send(live.client, "%PDF-1.7").status_code in {400, 415}
    viewer = {"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"}
    with httpx.Client(base_url=live.url, headers=viewer) as client:
        assert send(client, GOOD).status_code == 403
        assert client.get("/api/items").status_code == 200


def test_another_organizations_items_answer_like_unknown_ones(live: Live) -> None:
    started, _ = bring(live, GOOD)
    (mug, _) = live.client.get("/api/items").json()["data"]
    _, other = live.join()
    with other:
        assert other.get("/api/items").json()["data"] == []
        for method, path, mine in (
            ("GET", "/api/items/{}", mug["id"]),
            ("POST", "/api/imports/{}/undo", started["importId"]),
        ):
            answers = [other.request(method, path.format(number)) for number in (mine, 999_999)]
            assert [answer.status_code for answer in answers] == [404, 404]
            told = [str({**answer.json(), "metadata": None}) for answer in answers]
            assert nameless(told[0], mine) == nameless(told[1], 999_999)


def test_the_command_line_brings_items_in_lists_and_undoes_them(shell: Shell) -> None:
    Path("items.csv").write_text(GOOD)
    Path("mixed.csv").write_text(MIXED)
    dry = shell("items", "import", "items.csv", "--dry-run")
    assert dry.code == ExitCode.OK
    assert "Nothing was written." in dry.err
    ran = shell("items", "import", "items.csv")
    assert ran.code == ExitCode.OK, ran.err
    assert ["Imported", "2"] in [line.split() for line in ran.out.splitlines()]
    assert "To take it back: tranche items undo 2" in ran.err
    Path("odd.csv").write_text("What,Price\nx,1\n")
    assert "To take it back" not in shell("items", "import", "odd.csv").err
    mixed = shell("items", "import", "mixed.csv")
    assert mixed.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "3\tName\tMissing required field: name" in mixed.out.splitlines()
    assert shell("items", "import", "items.csv", "--json").json["failed"] == 2
    assert [row["Name"] for row in shell("items", "list").table] == ["Cup", "Mug", "Plate"]
    Path("dearer.csv").write_text("SKU,Name,Price\nS-1,Mug,5\n")
    assert shell("items", "import", "dearer.csv", "--on-duplicate", "update").code == ExitCode.OK
    undone = shell("items", "undo", 2, "--yes")
    assert undone.code == ExitCode.OK
    assert "S-1\tIt was changed after it came in." in undone.out.splitlines()
    assert [row["Name"] for row in shell("items", "list", "--search", "m").table] == ["Mug"]
    again = shell("items", "undo", 2, "--yes", "--json")
    assert (again.code, again.json["succeeded"], again.json["skipped"]) == (ExitCode.OK, 0, 1)
    assert "There are no remembered mappings." in shell("items", "mappings", "list").err


def test_real_products_come_in_by_the_command_line(shell: Shell) -> None:
    folder = data_folder("lots")
    if folder is None:
        pytest.skip("the real files are not here")
    ran = shell("items", "import", str(folder / "who-products.csv"), "--json")
    assert (ran.code, ran.json["succeeded"], ran.json["failed"]) == (ExitCode.OK, 729, 0)
