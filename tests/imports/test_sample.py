"""The sample workbook is the same for the same seed and holds what it says."""

from collections import defaultdict
from pathlib import Path

from tests.imports.factories import read
from tranche.imports.sample import Cause, write_sample
from tranche.orders.fields import ORDER_FIELDS


def test_it_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first = write_sample(tmp_path / "a.xlsx", orders=50, bad_every=5, seed=1)
    again = write_sample(tmp_path / "b.xlsx", orders=50, bad_every=5, seed=1)
    other = write_sample(tmp_path / "c.xlsx", orders=50, bad_every=5, seed=2)
    assert first == again
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.xlsx").read_bytes() != (tmp_path / "c.xlsx").read_bytes()
    assert other.orders == 50


def test_it_maps_by_itself_and_has_the_rows_it_says(tmp_path: Path) -> None:
    facts = write_sample(tmp_path / "a.xlsx", orders=120, bad_every=10, seed=7)
    reading = read(tmp_path / "a.xlsx", fields=ORDER_FIELDS)
    assert reading.header.matching.missing == ()
    assert all(column.field for column in reading.header.matching.columns)
    assert len(reading.rows) == facts.rows
    numbers = {row["orderId"] for row in reading.rows if row["orderId"]}
    assert len(numbers) + facts.bad[Cause.NO_ORDER_NUMBER] == facts.orders == 120


def test_it_is_bad_in_the_ways_it_says(tmp_path: Path) -> None:
    facts = write_sample(tmp_path / "a.xlsx", orders=120, bad_every=10, seed=7)
    rows = read(tmp_path / "a.xlsx", fields=ORDER_FIELDS).rows
    customers: dict[str, set[str | None]] = defaultdict(set)
    for row in rows:
        customers[row["orderId"] or ""].add(row["customerName"])
    found = {
        Cause.NO_ORDER_NUMBER: sum(row["orderId"] is None for row in rows),
        Cause.NEGATIVE_QUANTITY: sum((row["quantity"] or "").startswith("-") for row in rows),
        Cause.PRICE_TEXT: sum(row["unitPrice"] == "on request" for row in rows),
        Cause.NOT_A_DATE: sum(row["orderDate"] == "next Tuesday" for row in rows),
        Cause.TWO_CUSTOMERS: sum(len(names) > 1 for number, names in customers.items() if number),
        Cause.NO_CUSTOMER: sum(names == {None} for number, names in customers.items() if number),
    }
    assert found == facts.bad == dict.fromkeys(Cause, 2)
    assert facts.good_orders == 108


def test_without_bad_ones_all_are_good(tmp_path: Path) -> None:
    facts = write_sample(tmp_path / "a.xlsx", orders=40, bad_every=0, seed=3)
    assert (facts.bad, facts.good_orders) == ({}, 40)
    assert read(tmp_path / "a.xlsx", fields=ORDER_FIELDS).faults == []
