"""An outbox, a mail server and a receiver for every test of notifications."""

from collections.abc import Iterator

import pytest

from tests.kernel.notify.mailbox import Mailbox, mailbox
from tests.kernel.notify.office import Office
from tests.kernel.notify.receiver import Receiver, receiving
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database


@pytest.fixture
def office(database: Database, owner: Connection, context: Context) -> Office:
    return Office(database, owner, context)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def post_box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found
