"""What `tranche doctor` asks of channels: whether each could be used as it is set up."""

from collections.abc import Callable, Sequence

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import TrancheError
from tranche.kernel.module import Probe
from tranche.kernel.secrets import SecretBox
from tranche.messaging.channels.opening import Surroundings, open_carrier
from tranche.messaging.domain import Channel
from tranche.messaging.queries import channels as queries
from tranche.messaging.service.channels import read_account


def make_probe(box: Callable[[], SecretBox], around: Callable[[], Surroundings]) -> Probe:
    """Opens the credentials and the settings of every channel of every organization; nothing is sent."""

    def look(conn: Connection) -> Sequence[tuple[int | None, str]]:
        found = []
        for row in queries.list_all_channels(conn):
            organization_id, channel = row["organization_id"], Channel(row["channel"])
            try:
                open_carrier(read_account(row, box(), organization_id=organization_id), around()).close()
            except TrancheError as error:
                found.append((organization_id, f"channel {channel}: {error.message}"))
        return found

    return Probe(name="every channel can be used as it is set up", look=look)
