"""A house without a worker, in which an organization has a row of everything and asks for all of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.factories import Organization
from tests.fuzz.asking import Asker
from tests.live import Live, open_live
from tests.walls.houses import fill_rivals
from tranche.kernel.db.pool import Connection

__all__ = ["open_live"]

_ENOUGH = 10**6
# What is filled in by hand has small numbers; what is made from now on must not meet them.
_LATER = """
SELECT format('ALTER TABLE %I ALTER COLUMN %I RESTART WITH 1000', table_name, column_name) AS statement
FROM information_schema.columns
WHERE table_schema = 'public' AND is_identity = 'YES'
"""


@pytest.fixture
def asker(open_live: Callable[..., Live], owner: Connection, organization: Callable[..., Organization]) -> Asker:
    live = open_live(
        working=False, webhook_allow_private=True, rate_per_minute=_ENOUGH, rate_per_minute_organization=_ENOUGH
    )
    rivals = fill_rivals(live, owner, organization(name="Rivals"))
    for row in owner.execute(_LATER).fetchall():
        owner.execute(row["statement"].encode())
    client, headers = rivals.person.client, {"Authorization": f"Bearer {rivals.person.key}"}
    user = {"email": "spare@rivals.test", "name": "Spare", "role": "operator"}
    spare = {
        "key_id": client.post("/api/api-keys", headers=headers, json={"data": {"name": "spare", "role": "viewer"}}),
        "user_id": client.post("/api/users", headers=headers, json={"data": user}),
    }
    own = {name: rivals.ids[name] for name in spare}
    ids = {name: str(answer.json()["data"]["id"]) for name, answer in spare.items()}
    return Asker(url=live.url, rivals=replace(rivals, ids={**rivals.ids, **ids}), own=own)
