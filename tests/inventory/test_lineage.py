"""Which lots hold what of which: by the order in which things moved."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tranche.inventory.lineage import Edge, reach_down, reach_up


def edge(one: int, other: int, *ids: int) -> Edge:
    return Edge(
        from_lot_id=one,
        to_lot_id=other,
        quantity=Decimal(len(ids)),
        movements=len(ids),
        first_id=min(ids),
        last_id=max(ids),
    )


def test_stock_goes_on_through_several_lots() -> None:
    edges = [edge(1, 2, 10), edge(2, 3, 11), edge(2, 4, 12), edge(8, 9, 13)]
    found = reach_down(edges, start=1)
    assert found.level == {1: 0, 2: 1, 3: 2, 4: 2}
    assert found.edges == edges[:3]
    assert reach_up(edges, start=4).level == {4: 0, 2: 1, 1: 2}


def test_what_left_before_the_stock_came_is_not_of_it() -> None:
    edges = [edge(2, 3, 10), edge(1, 2, 11)]
    assert reach_down(edges, start=1).level == {1: 0, 2: 1}
    assert reach_up(edges, start=3).level == {3: 0, 2: 1}


def test_what_left_before_and_after_counts() -> None:
    edges = [edge(2, 3, 10, 12), edge(1, 2, 11)]
    assert reach_down(edges, start=1).level == {1: 0, 2: 1, 3: 2}
    assert reach_up(edges, start=3).level == {3: 0, 2: 1, 1: 2}


def test_the_earliest_way_into_a_lot_counts() -> None:
    edges = [edge(1, 3, 20), edge(1, 2, 10), edge(2, 3, 11), edge(3, 4, 15)]
    found = reach_down(edges, start=1)
    assert found.since[3] == 11
    assert 4 in found.level


def test_circles_end() -> None:
    edges = [edge(1, 2, 10, 13), edge(2, 1, 11, 14)]
    assert reach_down(edges, start=1).level == {1: 0, 2: 1}
    assert reach_up(edges, start=1).level == {1: 0, 2: 1}


_MOVES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda pair: pair[0] != pair[1]), max_size=15)


@given(_MOVES)
def test_no_lot_that_can_hold_stock_of_another_is_missed(moves: list[tuple[int, int]]) -> None:
    """Against the movements themselves, one after another: the sums may name more lots, never fewer."""
    ids: dict[tuple[int, int], list[int]] = {}
    holds: dict[int, set[int]] = {lot: {lot} for lot in range(1, 6)}
    for number, (one, other) in enumerate(moves, start=1):
        ids.setdefault((one, other), []).append(number)
        holds[other] |= holds[one]
    edges = [edge(one, other, *numbers) for (one, other), numbers in ids.items()]
    for lot in range(1, 6):
        assert holds[lot] <= reach_up(edges, start=lot).level.keys()
        assert {other for other, of in holds.items() if lot in of} <= reach_down(edges, start=lot).level.keys()


@given(st.lists(st.integers(1, 30), min_size=2, max_size=8, unique=True))
def test_a_single_chain_in_order_is_found_exactly(lots: list[int]) -> None:
    edges = [edge(one, other, number) for number, (one, other) in enumerate(pairwise(lots), start=1)]
    assert list(reach_down(edges, start=lots[0]).level) == lots
    backwards = [edge(one, other, 99 - number) for number, (one, other) in enumerate(pairwise(lots), start=1)]
    assert list(reach_down(backwards, start=lots[0]).level) == lots[:2]
