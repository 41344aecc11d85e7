"""`tranche audit`: the chain on the machine of the installation, and what doctor finds of it."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tests.commands.examined import Body
from tests.commands.whole import fill
from tests.factories import Organization
from tranche.kernel.audit.anchors import NOTE
from tranche.kernel.audit.queries.seals import walk_heads
from tranche.kernel.audit.sealing import seal_organization
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.doctor.domain import Finding
from tranche.kernel.storage.local import LocalFiles

Call = Callable[..., Ran]

ANCHOR = "the chain of the audit log goes on from its anchor"
HOLDS = "every sealed entry of the audit log is as it was sealed"


@pytest.fixture
def acme(owner: Connection, organization: Callable[..., Organization], home: Path) -> Organization:
    made = organization()
    fill(owner, made, home)
    return made


def test_a_chain_that_holds_is_told_and_its_heads_can_be_kept(
    tranche: Call, owner: Connection, acme: Organization, organization: Callable[..., Organization]
) -> None:
    organization(name="Other")
    (head,) = walk_heads(owner)
    listed = tranche("audit", "heads")
    assert listed.out.splitlines()[1].split("\t")[:3] == [head.head, str(acme.id), "2"]
    (row,) = json.loads(tranche("audit", "heads", "--json").out)["data"]
    assert (row["hash"], row["entries"]) == (head.hash.hex(), 1)
    ran = tranche("audit", "verify", "--head", listed.out.splitlines()[1])
    assert (ran.code, ran.out) == (0, "")
    assert "The chain holds: 2 seals" in ran.err
    found = tranche("audit", "verify", "--organization", acme.id, "--json")
    assert json.loads(found.out) == {"ok": True, "seals": 2, "findings": []}


def test_what_does_not_hold_is_named_with_its_organization_seal_and_time(
    tranche: Call, owner: Connection, acme: Organization, organization: Callable[..., Organization], home: Path
) -> None:
    other = organization(name="Other")
    owner.execute("UPDATE audit_entries SET actor = 'Bob' WHERE subject_id = 3")
    ran = tranche("audit", "verify")
    assert ran.code == 1
    assert ran.out.startswith(f"organization {acme.id}: seal 2 (entries from 20")
    assert "one of its entries (1), this seal or the one before was changed" in ran.out
    assert tranche("audit", "verify", "--organization", other.id).code == 0
    (home / "files/notes" / str(acme.id) / NOTE).unlink()
    (_, missing) = json.loads(tranche("audit", "verify", "--json").out)["findings"]
    assert missing["detail"].startswith("the anchor is missing, though the chain has come to seal 2 (")


def test_a_head_that_was_kept_shows_what_the_installation_no_longer_knows(
    tranche: Call, owner: Connection, acme: Organization
) -> None:
    (head,) = walk_heads(owner)
    for kept, words in (
        (f"{acme.id}:2:{'0' * 64}", "seal 2 is not the one that you kept"),
        (f"{acme.id}:3:{head.hash.hex()}", "seal 3, which you kept, is not in the database"),
        (f"{acme.id + 1}:2:{head.hash.hex()}", "seal 2, which you kept, is not in the database"),
    ):
        ran = tranche("audit", "verify", "--head", head.head, "--head", kept)
        assert (ran.code, words in ran.out, len(ran.out.splitlines())) == (1, True, 1)
    for rubbish in ("", "2", f"1:2:{'x' * 64}", f"0:1:{'0' * 64}"):
        assert tranche("audit", "verify", "--head", rubbish).code == 2


def test_the_anchor_is_renewed_only_by_a_person_who_says_yes(
    tranche: Call, owner: Connection, acme: Organization, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    owner.execute("DELETE FROM audit_seals WHERE number = 2")
    note = LocalFiles(home / "files").read_note(acme.id, NOTE)
    assert tranche("audit", "verify").code == 1
    refused = tranche("audit", "renew-anchor", acme.id)
    assert (refused.code, "Nothing was changed" in refused.err) == (1, True)
    assert LocalFiles(home / "files").read_note(acme.id, NOTE) == note
    renewed = tranche("audit", "renew-anchor", acme.id, "--yes")
    assert renewed.code == 0, renewed.err
    assert f"Before: {acme.id}:2:" in renewed.err
    assert f"Now: {acme.id}:1:" in renewed.err
    assert tranche("audit", "verify").code == 0
    assert tranche("audit", "renew-anchor", acme.id + 1, "--yes").code == 4


@pytest.mark.parametrize("words", [("verify",), ("verify", "--json"), ("heads",), ("heads", "--json")])
def test_an_organization_that_there_is_not_is_refused_as_by_the_renewal_of_its_anchor(
    tranche: Call, acme: Organization, organization: Callable[..., Organization], words: tuple[str, ...]
) -> None:
    new = organization(name="New")
    refused = tranche("audit", "renew-anchor", new.id + 1, "--yes")
    assert refused.code == 4
    asked = tranche("audit", *words, "--organization", new.id + 1)
    assert (asked.code, asked.out, asked.err) == (4, "", refused.err)
    assert f"Organization {new.id + 1} has neither a seal nor an anchor." in asked.err
    assert [tranche("audit", *words, "-o", known.id).code for known in (acme, new)] == [0, 0]


def test_a_chain_that_was_made_anew_is_found_by_its_anchor_alone(
    tranche: Call, owner: Connection, database: Database, acme: Organization, tmp_path: Path
) -> None:
    """Who can write all tables makes a chain that holds; the anchor is what they do not reach."""
    owner.execute("UPDATE audit_entries SET actor = 'Bob' WHERE subject_id = 9")
    assert found_by(tranche).keys() == {HOLDS}
    owner.execute("DELETE FROM audit_seals")
    assert seal_organization(database, LocalFiles(tmp_path), acme.id, most=2) == 3
    found = found_by(tranche)
    assert found.keys() == {ANCHOR}
    ((organization_id, detail),) = found[ANCHOR]
    assert organization_id == acme.id
    assert "the chain was made anew" in detail


def test_a_missing_a_broken_and_a_strange_anchor_are_found(body: Body) -> None:
    notes, acme = LocalFiles(body.patient.home / "files"), body.organization
    mine = notes.read_note(acme.id, NOTE)
    assert mine is not None
    notes.write_note(acme.id, NOTE, b"rubbish")
    assert "cannot be read" in body.findings()[ANCHOR][0].detail
    notes.write_note(acme.id, NOTE, mine)
    notes.write_note(acme.id + 1, NOTE, mine)
    assert body.findings()[ANCHOR] == (Finding(acme.id + 1, f"the anchor is that of organization {acme.id}"),)
    notes.delete_note(acme.id + 1, NOTE)
    notes.delete_note(acme.id, NOTE)
    (missing,) = body.findings()[ANCHOR]
    assert missing.organization_id == acme.id
    assert missing.detail.startswith("the anchor is missing")
    notes.write_note(acme.id, NOTE, mine)
    assert body.findings() == {}


def test_an_anchor_behind_the_chain_is_as_it_must_be(
    tranche: Call, owner: Connection, database: Database, acme: Organization, home: Path
) -> None:
    """Such as when the storage was away when the last seals were made."""
    notes = LocalFiles(home / "files")
    mine = notes.read_note(acme.id, NOTE)
    assert mine is not None
    owner.execute("UPDATE audit_entries SET at = at - interval '20 minutes' WHERE action = 'a.b'")
    assert seal_organization(database, notes, acme.id) == 1
    assert notes.read_note(acme.id, NOTE) != mine
    notes.write_note(acme.id, NOTE, mine)
    assert found_by(tranche) == {}


def found_by(tranche: Call) -> dict[str, list[tuple[int, str]]]:
    """What each check of `tranche doctor` finds, only those that find something."""
    checks = json.loads(tranche("doctor", "--stopped", "--json").out)["checks"]
    return {
        check["name"]: [(finding["organizationId"], finding["detail"]) for finding in check["findings"]]
        for check in checks
        if not check["ok"]
    }
