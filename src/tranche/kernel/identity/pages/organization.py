"""Settings, organization and branches."""

from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict, Invalid, TrancheError
from tranche.kernel.identity import service
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.zones import zones

PATH: Final = "/settings/organization"
BRANCHES_PATH: Final = "/settings/branches"

_COLUMNS: Final = (Column(label="Name"), Column(label="Made"))


class OrganizationForm(Body, frozen=True):
    """The settings of an organization."""

    name: str = ""
    zone: str = ""
    currency: str = ""
    language: str = ""


class BranchForm(Body, frozen=True):
    """A branch to make."""

    name: str = ""


@page("/settings")
def settings_page(ctx: NamedDependency[Context]) -> Html:
    """Where settings begin: for an admin the organization, for anybody else their own page."""
    return redirect(PATH if ctx.role.covers(Role.ADMIN) else "/profile")


@page(PATH, role=Role.ADMIN)
def organization_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Name, zone, currency, language."""
    with database.transaction(ctx.organization_id) as conn:
        found = service.get_organization(conn)
    data = OrganizationForm(name=found.name, zone=found.zone, currency=found.currency, language=found.language)
    return _show_organization(request, data)


@form(PATH, role=Role.ADMIN)
def change_organization(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[OrganizationForm],
) -> Html:
    """Change them; times and days of every page follow at once."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.update_organization(
                conn,
                ctx,
                name=data.name,
                zone=data.zone.strip(),
                currency=data.currency.strip().upper(),
                language=data.language.strip(),
            )
    except Invalid as error:
        return _show_organization(request, data, error=error)
    return redirect(PATH, say="Saved.")


@page(BRANCHES_PATH, role=Role.ADMIN)
def branches_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The branches by age."""
    return _show_branches(request, ctx, database, BranchForm())


@form(BRANCHES_PATH, role=Role.ADMIN)
def add_branch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[BranchForm],
) -> Html:
    """Make a branch."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.create_branch(conn, ctx, name=data.name)
    except (Invalid, Conflict) as error:
        return _show_branches(request, ctx, database, data, error=error)
    return redirect(BRANCHES_PATH, say="The branch is there.")


ROUTES: Final[tuple[Any, ...]] = (settings_page, organization_page, change_organization, branches_page, add_branch)


def _show_organization(request: AnyRequest, data: OrganizationForm, *, error: TrancheError | None = None) -> Html:
    shown = {
        "data": data,
        "faults": faults_of(error) if error else {},
        "zones": sorted(zones()),
    }
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    return render(request, "identity/organization.html", shown, status=status)


def _show_branches(
    request: AnyRequest, ctx: Context, database: Database, data: BranchForm, *, error: TrancheError | None = None
) -> Html:
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_branches(conn, limit=window.limit, offset=window.offset)
    shown = {
        "branches": found,
        "listing": Listing(
            path=BRANCHES_PATH,
            columns=_COLUMNS,
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "data": data,
        "faults": faults_of(error) if error else {},
    }
    return render(request, "identity/branches.html", shown, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)
