"""`tranche audit`: the log by way of a server, and its chain on the machine of the installation."""

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Any

import typer

from tranche.commands.database import find_database
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import has_organization, reaching
from tranche.kernel.audit.domain import Seal
from tranche.kernel.audit.queries.seals import walk_heads
from tranche.kernel.audit.sealing import NothingSealed, renew_anchor
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, clean, say, show_json, show_table
from tranche.kernel.context import Context, Role
from tranche.kernel.db.migrate import require_current
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.doctor.chain import Verdict, read_head, verify
from tranche.kernel.doctor.domain import Finding
from tranche.kernel.identity.commands.audit import app
from tranche.kernel.text import plural
from tranche.outward import make_storage

__all__ = ["app"]

_COLUMNS = (
    Column("Head", "head"),
    Column("Organization", "organizationId", Kind.NUMBER),
    Column("Seal", "number", Kind.NUMBER),
    Column("Until", "until", Kind.MOMENT),
)

OrganizationOption = Annotated[
    int | None, typer.Option("--organization", "-o", min=1, help="Only the organization of this number.")
]


@app.command("verify")
def verify_chain(
    *,
    organization: OrganizationOption = None,
    head: Annotated[
        list[str] | None, typer.Option("--head", help="A line of `tranche audit heads` that was kept elsewhere.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute the chain anew, compare it with its anchors and with heads that you kept; exit code 1 on any hit.

    It reads as the owner: the database of TRANCHE_OWNER_URL, or the embedded one of TRANCHE_HOME.
    """
    kept = [read_head(text) for text in head or ()]
    with _owner() as conn:
        verdict = verify(conn, make_storage(load_settings()), organization_id=organization, kept=kept)
        if not (verdict.seals or verdict.findings):
            _require_organization(conn, organization)
    if json:
        faults = [_finding_out(finding) for finding in verdict.findings]
        show_json({"ok": not faults, "seals": verdict.seals, "findings": faults})
    else:
        _tell(verdict)
    if verdict.findings:
        raise typer.Exit(ExitCode.FAILURE)


@app.command("heads")
def list_heads(*, organization: OrganizationOption = None, json: JsonOption = False) -> None:
    """Print the last seal of every organization, to be kept where nobody of here can change it."""
    with _owner() as conn:
        heads = [seal for seal in walk_heads(conn) if organization in {None, seal.organization_id}]
        if not heads:
            _require_organization(conn, organization)
    if json:
        show_json({"data": [_out(seal) for seal in heads]})
    else:
        show_table(_COLUMNS, [_out(seal) for seal in heads])


@app.command("renew-anchor")
def renew(
    organization: Annotated[int, typer.Argument(min=1, help="The organization's number.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take the chain that is in the database as the true one, such as after a database was put back by hand.

    The anchor that is there is the proof of what was sealed before: find out first why the two differ.
    """
    if not (yes or ask(f"Anchor what the database holds of organization {organization} now?")):
        say("Nothing was changed. (--yes does it without asking.)")
        raise typer.Exit(ExitCode.FAILURE)
    settings = load_settings()
    ctx = Context(organization_id=organization, role=Role.ADMIN, user_name=f"{getpass.getuser()} (audit)")
    with find_database(settings) as addresses:
        url = addresses.require_app()
        with reaching("DATABASE_URL"), connect(url, name="tranche audit") as conn:
            require_current(conn)
        with closing(Database(url, size=1, name="tranche audit").open()) as database:
            before, now = renew_anchor(database, make_storage(settings), ctx)
    say(f"Before: {before.head if before else 'no anchor that can be read'}. Now: {now.head if now else 'no seal'}.")


@contextmanager
def _owner() -> Iterator[Connection]:
    """One look at the database as the owner, who sees all organizations."""
    with find_database(load_settings()) as addresses:
        owner_url = addresses.require_owner()
        with reaching("TRANCHE_OWNER_URL"), connect(owner_url, name="tranche audit") as conn:
            require_current(conn)
            yield conn


def _require_organization(conn: Connection, organization: int | None) -> None:
    """That nothing was found is no answer for an organization that there is not."""
    if organization is not None and not has_organization(conn, organization_id=organization):
        raise NothingSealed(organization)


def _tell(verdict: Verdict) -> None:
    for finding in verdict.findings:
        typer.echo(clean(f"organization {finding.organization_id}: {finding.detail}"))
    if verdict.findings:
        say(f"{plural(len(verdict.findings), 'finding')}. See docs/operating.md for what to do.")
    else:
        say(f"The chain holds: {plural(verdict.seals, 'seal was', 'seals were')} computed anew.")


def _out(seal: Seal) -> dict[str, Any]:
    return {
        "head": seal.head,
        "organizationId": seal.organization_id,
        "number": seal.number,
        "until": seal.until.isoformat(),
        "entries": seal.entries,
        "hash": seal.hash.hex(),
    }


def _finding_out(finding: Finding) -> dict[str, Any]:
    return {"organizationId": finding.organization_id, "detail": finding.detail}
