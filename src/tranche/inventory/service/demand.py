"""What a bulk consumer wants of the stock: asked, and judged."""

from tranche.inventory.queries import demand
from tranche.inventory.rationing import ration
from tranche.kernel.db.pool import Connection


def make_demand(conn: Connection) -> None:
    """Make the TEMP table of `judge_demand`, empty; what an earlier call of this transaction left is forgotten.

    `stock_demand(position bigint, line integer, item_id bigint, branch_id bigint, quantity numeric)`, its key
    (position, line). Scarce stock is given in the order of `position`; a position gets all of its lines or nothing.
    """
    demand.create_demand(conn)


def judge_demand(conn: Connection) -> None:
    """Say what every position of `stock_demand` gets; writes nothing that outlives the transaction.

    Locks the lots concerned until the transaction ends, and makes two TEMP tables:
    `stock_allocations(position, line, lot_id, branch_id, quantity)`: what comes out of which lot, first expiry first.
    Expired, held and inactive lots give nothing; a lot may be used through its last day in the organization's zone.
    `stock_shortages(position, item_id, wanted, available, kept_back)`: of which items a position that gets nothing was
    short, what was left of them at its turn, and what lies in lots that give nothing.

    Lines of items whose stock is not tracked are in neither. A consumer that drops a position for reasons of its own
    deletes it from `stock_allocations` before `issue`.
    """
    demand.create_verdicts(conn)
    demand.create_wanted(conn)
    demand.lock_wanted(conn)
    demand.create_supply(conn)
    demand.create_scarce(conn)
    if scarce := demand.find_scarce(conn):
        demand.insert_shortages(conn, shortages=ration(demand.list_contested(conn), scarce))
        demand.count_kept_back(conn)
    demand.allocate(conn)
