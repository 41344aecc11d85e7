"""What `tranche doctor` asks of sources: whether their credentials can be opened with this machine's key."""

from collections.abc import Callable, Sequence

from tranche.billing_stops.queries import sources
from tranche.billing_stops.sources.making import PURPOSE
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import TrancheError
from tranche.kernel.module import Probe
from tranche.kernel.secrets import SecretBox


def make_probe(box: Callable[[], SecretBox]) -> Probe:
    """Opens the credentials of every source of every organization; no source is called."""

    def look(conn: Connection) -> Sequence[tuple[int | None, str]]:
        found = []
        for row in sources.list_sealed(conn):
            organization_id = row["organization_id"]
            try:
                box().open(bytes(row["sealed"]), organization_id=organization_id, purpose=PURPOSE)
            except TrancheError as error:
                found.append((organization_id, f"source of {row['data_set']}: {error.message}"))
        return found

    return Probe(name="the credentials of every source can be opened", look=look)
