"""A house that sends, a mail server and a provider over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.notify.mailbox import Mailbox, mailbox
from tests.kernel.notify.receiver import Receiver, receiving
from tests.messaging.house import House
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database


@pytest.fixture
def house(database: Database, owner: Connection, context: Context, tmp_path: Path) -> Iterator[House]:
    found = House(database, owner, context, tmp_path)
    yield found
    found.delivery.close()


@pytest.fixture
def post_box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def provider() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
