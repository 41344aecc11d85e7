"""The chain of the audit log: what is sealed when, what its hash is, and when nothing more is sealed."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.factories import Organization
from tests.kernel.audit.chains import Chain
from tranche.kernel.audit import service
from tranche.kernel.audit.anchors import NOTE, NotAnchored, read_anchors
from tranche.kernel.audit.sealing import renew_anchor
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.errors import NotFound
from tranche.kernel.storage.domain import StorageAway
from tranche.kernel.storage.local import LocalFiles

NOW = timedelta(0)


@pytest.fixture
def chain(database: Database, owner: Connection, organization: Callable[..., Organization], tmp_path: Path) -> Chain:
    return Chain(database, owner, organization(), LocalFiles(tmp_path / "files"))


def test_what_is_old_enough_is_sealed_and_its_head_is_anchored(chain: Chain) -> None:
    chain.add(count=3)
    chain.add(ago="4 minutes")
    assert chain.seal() == 3
    (seal,) = chain.seals()
    assert (seal.number, seal.entries) == (1, 3)
    assert chain.anchor() == seal
    assert chain.seal() == 0
    assert chain.seal(grace=NOW) == 1
    assert [seal.entries for seal in chain.seals()] == [3, 1]
    assert chain.anchor() == chain.seals()[-1]
    assert chain.faults() == []


def test_the_hash_can_be_computed_by_anybody(chain: Chain) -> None:
    """As docs/decisions/0034 says it: 64-bit numbers in network order, an entry as PostgreSQL writes a JSON array."""
    chain.add_sealed(3, 2)
    previous, since = b"", None
    for seal in chain.seals():
        rows = chain.owner.execute(
            """
            SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS microseconds FROM audit_entries
            WHERE organization_id = %(id)s AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND at < %(until)s
            ORDER BY at, id
            """,
            {"id": chain.id, "since": since, "until": seal.until},
        ).fetchall()
        columns = ("id", "microseconds", "user_id", "actor", "action", "subject_id", "detail", "request_id")
        texts = [json.dumps([row[column] for column in columns], ensure_ascii=False).encode() for row in rows]
        until = round(seal.until.timestamp() * 1_000_000)
        numbers = b"".join(number.to_bytes(8, "big") for number in (chain.id, seal.number, until, len(rows)))
        digests = b"".join(hashlib.sha256(text).digest() for text in texts)
        previous = hashlib.sha256(previous + numbers + digests).digest()
        assert (seal.entries, seal.hash) == (2, previous)
        since = seal.until


def test_where_there_are_no_entries_there_is_no_seal(chain: Chain) -> None:
    assert chain.seal() == 0
    assert chain.seals() == []
    assert read_anchors(chain.notes) == {}


def test_what_an_open_transaction_may_still_write_is_waited_for(chain: Chain, app_url: str) -> None:
    ctx = chain.organization.context()
    with connect(app_url) as late:
        with late.transaction():
            late.execute("SELECT set_config('app.organization_id', %s, true)", [str(chain.id)])
            service.record(late, ctx, action="thing.late", subject_id=None)
            with chain.database.transaction(chain.id) as conn:
                service.record(conn, ctx, action="thing.soon", subject_id=None)
            assert chain.seal(grace=NOW) == 0
        assert chain.seal(grace=NOW) == 2
    assert chain.faults() == []


def test_a_long_log_is_sealed_in_pieces_and_what_is_of_one_moment_stays_together(chain: Chain) -> None:
    for hours, count in ((9, 1), (8, 5), (7, 1), (6, 1), (5, 1)):
        chain.add(count=count, ago=f"{hours} hours")
    assert chain.seal(most=2) == 9
    seals = chain.seals()
    assert [seal.entries for seal in seals] == [6, 2, 1]
    assert all(before.until < after.until for before, after in pairwise(seals))
    assert chain.anchor() == seals[-1]
    assert chain.faults() == []


def test_several_workers_at_once_make_one_chain(chain: Chain) -> None:
    for minutes in range(10, 40):
        chain.add(ago=f"{minutes} minutes")
    together = threading.Barrier(3)
    sealed: list[int] = []

    def work() -> None:
        together.wait()
        sealed.append(chain.seal(most=1))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sealed) == 3
    chain.seal()
    assert sum(seal.entries for seal in chain.seals()) == 30
    assert chain.faults() == []


def test_an_entry_stands_behind_what_is_sealed_also_when_the_clock_was_set_back(chain: Chain) -> None:
    chain.owner.execute("INSERT INTO audit_seals SELECT %s, 1, now() + interval '2 hours', 1, sha256('')", [chain.id])
    with chain.database.transaction(chain.id) as conn:
        service.record(conn, chain.organization.context(), action="thing.done", subject_id=None)
    (seal,) = chain.seals()
    (row,) = chain.owner.execute("SELECT at FROM audit_entries").fetchall()
    assert row["at"] == seal.until


def test_a_worker_that_ends_anchors_what_it_has_sealed(chain: Chain) -> None:
    for hours in (3, 2, 1):
        chain.add(ago=f"{hours} hours")
    answers = iter([False, False, True])
    assert chain.seal(most=1, should_abort=lambda: next(answers)) == 2
    assert chain.anchor() == chain.seals()[-1]
    assert chain.seal(most=1) == 1


class _Away(LocalFiles):
    """A storage that goes away when a note is written."""

    def write_note(self, *_: object) -> None:
        raise StorageAway


def test_what_was_sealed_while_the_storage_was_away_is_anchored_by_the_next_run(chain: Chain, tmp_path: Path) -> None:
    chain.add()
    with pytest.raises(StorageAway):
        replace(chain, notes=_Away(tmp_path / "files")).seal()
    (seal,) = chain.seals()
    assert chain.anchor() is None
    assert chain.seal() == 0
    assert chain.anchor() == seal


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM audit_seals WHERE number = 2", "the chain of the database ends at seal 1"),
        ("DELETE FROM audit_seals", "the database has no seal at all"),
        ("UPDATE audit_seals SET hash = sha256('x') WHERE number = 2", "the chain was made anew"),
    ],
)
def test_nothing_is_sealed_over_an_anchor_that_is_not_in_the_chain(chain: Chain, statement: str, words: str) -> None:
    chain.add_sealed(3, 2)
    anchor = chain.anchor()
    chain.owner.execute(statement.encode())
    left = chain.seals()
    chain.add()
    with pytest.raises(NotAnchored, match=words) as refused:
        chain.seal()
    assert f"Organization {chain.id}: its anchor is seal 2 (" in refused.value.message
    assert "tranche audit renew-anchor" in refused.value.message
    assert (chain.seals(), chain.anchor()) == (left, anchor)


def test_an_anchor_that_is_rubbish_or_of_another_organization_stops_it_too(chain: Chain) -> None:
    chain.add_sealed(1)
    mine = chain.notes.read_note(chain.id, NOTE)
    assert mine is not None
    for content in (b"rubbish", mine.replace(b'"organizationId": ', b'"organizationId": 9')):
        chain.notes.write_note(chain.id, NOTE, content)
        with pytest.raises(NotAnchored, match="the anchor"):
            chain.seal()


def test_a_person_may_take_what_the_database_holds_as_the_truth_and_it_is_told(chain: Chain) -> None:
    chain.add_sealed(3, 2)
    first, second = chain.seals()
    chain.owner.execute("DELETE FROM audit_seals WHERE number = 2")
    assert renew_anchor(chain.database, chain.notes, chain.organization.context()) == (second, first)
    assert chain.anchor() == first
    assert chain.seal(grace=NOW) == 3
    rows = chain.owner.execute("SELECT actor, detail FROM audit_entries WHERE action = 'audit.renew_anchor'").fetchall()
    assert [(row["actor"], row["detail"]) for row in rows] == [("Ada Admin", {"head": first.head})]
    assert chain.faults() == []


def test_an_anchor_without_any_chain_is_forgotten_and_without_both_there_is_nothing_to_renew(chain: Chain) -> None:
    ctx = chain.organization.context()
    with pytest.raises(NotFound):
        renew_anchor(chain.database, chain.notes, ctx)
    chain.add_sealed(1)
    chain.owner.execute("DELETE FROM audit_seals")
    renew_anchor(chain.database, chain.notes, ctx)
    assert chain.anchor() is None
    assert chain.seal() == 2
