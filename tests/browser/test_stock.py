"""The pages of stock in a real browser."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.contracts.stockroom import Stockroom
from tests.inventory.factories import make_customer, want
from tests.live import Live
from tranche.inventory import service


@pytest.fixture
def room(live: Live) -> Stockroom:
    """Three lots of one item: one has expired, one expires soon, one late."""
    room = Stockroom.open(live)
    now = datetime.now(UTC).replace(microsecond=0)
    for number, days in (("L-OLD", -2), ("L-SOON", 5), ("L-LATE", 400)):
        room.receive(number, 12.5, costPrice=80, expirationDate=(now + timedelta(days=days)).isoformat())
    return room


@pytest.fixture
def tab(open_browser: Callable[..., Tab], live: Live) -> Tab:
    """A tab of the admin, in the branch of the lots."""
    return open_browser(live)


def test_lots_and_items_are_looked_at_with_the_colours_of_their_expiry(tab: Tab, room: Stockroom) -> None:
    tab.go("/stock")
    expect(tab.page.get_by_role("link", name="L-SOON")).to_be_visible()
    expect(tab.page.locator(".state.tone-bad")).to_contain_text("expired")
    tab.assert_accessible()
    tab.picture("stock-lots")
    tab.click("Items", role="link")
    expect(tab.page.get_by_role("row", name="ITEM-001")).to_contain_text("37.5")
    tab.assert_accessible()
    tab.picture("stock-items")
    moved = room.post("/api/batch/branch-transfer", batchNumber="L-LATE", quantity=2, toBranchId=room.other_branch)
    assert moved.status_code == 200
    tab.click("Item Name", role="link")
    expect(tab.page.get_by_role("columnheader", name="Harbour")).to_be_visible()
    expect(tab.page.get_by_role("row", name="L-LATE").first).to_contain_text("10.5")
    tab.assert_accessible()
    tab.picture("stock-item")


def test_items_and_stock_come_in_from_spreadsheets_by_columns_that_people_choose(
    tab: Tab, room: Stockroom, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("Our list,,,,\nNo.,What,Worth,Pile,Pieces\nP-7,Paint,4.50,L-7,12\n")
    for way, button, told, fields in (
        (
            "/stock/items",
            "Upload items",
            "1 row would come in.",
            {"No.": "itemSku", "What": "name", "Worth": "unitPrice"},
        ),
        (
            "/stock",
            "Upload opening stock",
            "1 row would come into Main.",
            {"No.": "itemSku", "Pile": "lotNumber", "Pieces": "quantity"},
        ),
    ):
        page = tab.go(way).page
        tab.click(button, role="link")
        expect(tab.heading(button)).to_be_visible()
        tab.assert_accessible()
        page.get_by_label("Drop a spreadsheet here").set_input_files(tmp_path / "list.csv")
        tab.click("Go on")
        page.get_by_label("Headers are in").select_option("2")
        tab.click("Take this row")
        for column, field in fields.items():
            page.get_by_label(f"Field for {column}", exact=True).select_option(field)
        tab.assert_accessible()
        tab.picture(f"{button.split()[-1]}-columns")
        tab.click("Try it out")
        expect(page.get_by_text(told)).to_be_visible(timeout=20_000)
        tab.assert_accessible()
        tab.picture(f"{button.split()[-1]}-tried")
        tab.click("Change columns", role="link")
        expect(page.get_by_label("Headers are in")).to_have_value("2")
        tab.click("Read it so")
        expect(page.get_by_text(told)).to_be_visible(timeout=20_000)
        tab.click("Bring it in")
        expect(page.get_by_text("The import has ended")).to_be_visible(timeout=20_000)
    assert room.batch("L-7")["quantity"] == 12


def test_an_item_is_made_and_received(tab: Tab, room: Stockroom) -> None:
    tab.go("/stock/items")
    tab.click("New item", role="link")
    tab.fill(name="Varnish", code="V-1", unitPrice="cheap")
    tab.click("Make the item")
    expect(tab.page.get_by_text("Must be a number, such as 12.5.")).to_be_visible()
    tab.fill(unitPrice="12.5")
    tab.assert_accessible()
    tab.click("Make the item")
    tab.click("Receive", role="link")
    tab.fill(number="V-LOT", quantity="0")
    tab.click("Receive")
    expect(tab.page.locator(".fault")).to_be_visible()
    tab.fill(quantity="40", expires="2031-05-01", costPrice="8.25")
    tab.assert_accessible()
    tab.picture("stock-receive")
    tab.click("Receive")
    expect(tab.page.get_by_text("40 came into V-LOT.")).to_be_visible()
    assert room.batch("V-LOT")["expirationDate"] == "2031-05-01T00:00:00.000Z"


def test_a_transfer_shows_before_and_after_while_it_is_typed(tab: Tab, room: Stockroom) -> None:
    tab.go("/stock").click("L-LATE", role="link")
    tab.click("Transfer or split", role="link")
    balance = tab.page.locator("#balance")
    expect(balance).to_contain_text("Fill in the lots")
    tab.page.get_by_label("Lot", exact=True).fill("L-NEW")
    tab.page.get_by_label("Quantity", exact=True).fill("99")
    expect(balance).to_contain_text("has 12.5 left here")
    tab.page.get_by_label("Quantity", exact=True).fill("2.5")
    expect(balance.get_by_role("row", name="L-NEW")).to_contain_text("+2.5")
    expect(balance.locator("#balance-sum")).to_have_text("0")
    assert room.quantities("L-LATE") == [12.5]
    tab.assert_accessible()
    tab.picture("stock-transfer")
    tab.click("Transfer")
    expect(tab.page.get_by_text("2.5 moved from L-LATE to L-NEW.")).to_be_visible()
    assert room.quantities("L-LATE", "L-NEW") == [10, 2.5]


def test_a_lot_is_split_and_joined_on_the_same_sheet_and_undone(tab: Tab, room: Stockroom) -> None:
    tab.go(f"/stock/items/{room.item}/move?lot=L-LATE").click("Split", role="link")
    _fill_rows(tab, ("L-A", "4"), ("L-B", "3.5"))
    expect(tab.page.locator("#balance").get_by_role("row", name="L-LATE")).to_contain_text("-7.5")
    expect(tab.page.locator("#balance-sum")).to_have_text("0")
    tab.click("Another lot")
    expect(tab.page.locator("[name=lot]")).to_have_count(4)
    tab.assert_accessible()
    tab.picture("stock-split")
    tab.click("Split")
    expect(tab.page.get_by_text("7.5 of L-LATE are now in 2 lots.")).to_be_visible()
    tab.click("Transfer, split or consolidate", role="link")
    tab.click("Consolidate", role="link")
    tab.fill(one="L-ALL")
    _fill_rows(tab, ("L-A", ""), ("L-B", "1"))
    expect(tab.page.locator("#balance").get_by_role("row", name="L-ALL")).to_contain_text("+5")
    expect(tab.page.locator("#balance-sum")).to_have_text("0")
    tab.assert_accessible()
    tab.picture("stock-consolidate")
    tab.click("Consolidate")
    expect(tab.page.get_by_text("5 of 2 lots are now in L-ALL.")).to_be_visible()
    assert room.quantities("L-A", "L-B", "L-ALL") == [0, 2.5, 5]
    tab.click("Undo")
    tab.click("Undo it")
    expect(tab.page.get_by_text("It is undone")).to_be_visible()
    assert room.quantities("L-A", "L-B", "L-ALL") == [4, 3.5, 0]


def test_what_is_wrong_on_the_sheet_is_said_at_its_field(tab: Tab, room: Stockroom) -> None:
    tab.go(f"/stock/items/{room.item}/move?kind=split&lot=L-LATE")
    _fill_rows(tab, ("L-A", "many"))
    tab.click("Split")
    expect(tab.page.locator("#amount-0-fault")).to_have_text("Must be a number, such as 12.5.")
    _fill_rows(tab, ("L-LATE", "1"))
    tab.click("Split")
    expect(tab.page.locator("#lot-0-fault")).to_be_visible()
    tab.assert_accessible()
    assert room.quantities("L-LATE") == [12.5]


def test_a_lot_is_counted_sent_held_and_switched_off(tab: Tab, room: Stockroom) -> None:
    tab.go("/stock").click("L-LATE", role="link")
    tab.click("Count", role="link")
    tab.fill(counted="12", notes="half a can was empty")
    tab.assert_accessible()
    tab.click("Correct the books")
    expect(tab.page.get_by_text("The books now say 12.")).to_be_visible()
    tab.click("Send to a branch", role="link")
    tab.fill(quantity="40")
    tab.click("Send it")
    expect(tab.page.get_by_text("has 12 left here").first).to_be_visible()
    tab.assert_accessible()
    tab.fill(quantity="5")
    tab.click("Send it")
    expect(tab.page.get_by_text("5 of L-LATE went to the other branch.")).to_be_visible()
    assert (room.quantities("L-LATE"), room.batch("L-LATE", room.other_branch)["quantity"]) == ([7], 5)
    tab.click("Put on hold")
    tab.fill(reason="a customer complained")
    tab.page.locator("dialog[open]").get_by_role("button", name="Put on hold").click()
    expect(tab.page.get_by_text("a customer complained")).to_be_visible()
    tab.assert_accessible()
    tab.click("Release")
    tab.click("Release it")
    tab.click("Deactivate")
    tab.click("Deactivate it")
    expect(tab.page.get_by_text("This lot is inactive")).to_be_visible()
    tab.click("Activate")
    expect(tab.page.get_by_text("The lot is active again.")).to_be_visible()


def test_lineage_and_recall_lead_from_a_lot_to_the_customers(tab: Tab, room: Stockroom) -> None:
    for source, destination, quantity in (
        ("L-SOON", "L-MIX", 12.5),
        ("L-LATE", "L-MIX", 4),
        ("L-MIX", "L-OUT-1", 3),
        ("L-MIX", "L-OUT-2", 2),
        ("L-OUT-1", "L-LAST", 1),
    ):
        moved = room.post(
            "/api/batch/transfer", sourceBatchNumber=source, destinationBatchNumber=destination, quantity=quantity
        )
        assert moved.status_code == 200
    _sell(room, {"Miller & Sons": "4", "Harbour Stores": "2.5"})
    tab.go(f"/stock/lots/{room.batch('L-MIX')['id']}")
    expect(tab.page.locator("svg.lineage a")).to_have_count(6)
    expect(tab.page.get_by_role("row", name="L-OUT-1 L-LAST 1 1")).to_be_visible()
    expect(tab.page.get_by_text("INV-1")).to_have_count(2)
    tab.assert_accessible()
    tab.picture("stock-lot")
    tab.go(f"/stock/lots/{room.batch('L-SOON')['id']}")
    tab.click("Recall report", role="link")
    expect(tab.heading("Recall of L-SOON")).to_be_visible()
    expect(tab.page.get_by_role("row", name="Miller & Sons")).to_contain_text("miller@example.test")
    expect(tab.page.get_by_role("row", name="Harbour Stores")).to_contain_text("2.5")
    expect(tab.page.get_by_role("row", name="L-LAST")).to_contain_text("1")
    tab.assert_accessible()
    tab.picture("stock-recall")


def test_what_expires_is_on_the_home_page_and_on_its_own(tab: Tab, room: Stockroom) -> None:
    assert room.batch("L-OLD")["quantity"] == 12.5
    tab.go("/")
    expect(tab.heading("Expiring stock")).to_be_visible()
    tab.assert_accessible()
    tab.page.locator("section", has=tab.heading("Expiring stock")).get_by_role("link", name="Show all").click()
    expect(tab.page.get_by_role("link", name="L-OLD")).to_be_visible()
    expect(tab.page.get_by_role("link", name="L-LATE")).to_have_count(0)
    tab.assert_accessible()
    tab.picture("stock-expiring")


def test_the_sheet_works_without_scripts(open_browser: Callable[..., Tab], live: Live, room: Stockroom) -> None:
    plain = open_browser(live, scripts=False).go(f"/stock/items/{room.item}/move?lot=L-LATE")
    _fill_rows(plain, ("L-NEW", "99"))
    plain.click("Transfer")
    expect(plain.page.get_by_text("has 12.5 left here").first).to_be_visible()
    _fill_rows(plain, ("L-NEW", "1"))
    plain.click("Transfer")
    assert room.quantities("L-NEW") == [1]


def _fill_rows(tab: Tab, *rows: tuple[str, str]) -> None:
    for place, (lot, amount) in enumerate(rows):
        tab.page.locator(f"#lot-{place}").fill(lot)
        tab.page.locator(f"#amount-{place}").fill(amount)


def _sell(room: Stockroom, wanted: Mapping[str, str]) -> None:
    """An invoice for each customer, who gets so much, first expiry first."""
    context = room.live.context
    with room.live.database.transaction(context.organization_id) as conn:
        service.make_demand(conn)
        want(conn, [(place, 1, room.item, room.branch, amount) for place, amount in enumerate(wanted.values(), 1)])
        service.judge_demand(conn)
        service.make_consumers(conn)
        for place, name in enumerate(wanted, 1):
            customer = make_customer(conn, name=name)
            address = f"{name.split()[0].lower()}@example.test"
            conn.execute("UPDATE customers SET email = %s WHERE id = %s", (address, customer))
            conn.execute(
                "INSERT INTO pg_temp.stock_consumers VALUES (%s, %s, %s, %s)", (place, place, f"INV-{place}", customer)
            )
        assert service.issue(conn, context, consumer_kind="invoice") == len(wanted)
