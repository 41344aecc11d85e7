"""The caller, their organization and its branches."""

from http import HTTPStatus
from typing import Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import service
from tranche.kernel.identity.schemas import (
    BranchBody,
    BranchOut,
    MeOut,
    OrganizationBody,
    OrganizationOut,
    branch_out,
    given,
    me_out,
    organization_out,
)
from tranche.kernel.web.auth import ANY_SCOPE, SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/me", opt={SCOPE: ANY_SCOPE}, sync_to_thread=True)
def get_me(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Envelope[MeOut]:
    """Who the key belongs to and what it may do."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        organization = service.get_organization(conn)
    return envelope(ctx, me_out(ctx, organization=organization), message="Caller fetched")


@get("/api/organization", opt=_SCOPE, sync_to_thread=True)
def get_organization(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[OrganizationOut]:
    """The organization's settings."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        organization = service.get_organization(conn)
    return envelope(ctx, organization_out(organization), message="Organization fetched")


@put("/api/organization", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def update_organization(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[OrganizationBody],
) -> JsonResponse[Envelope[OrganizationOut]]:
    """Change the settings that are given."""
    allow_query(request, ())
    changes = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            organization = service.update_organization(
                conn,
                ctx,
                name=given(changes.name),
                zone=given(changes.zone),
                currency=given(changes.currency),
                language=given(changes.language),
            )
        return Answer(envelope(ctx, organization_out(organization), message="Organization updated"))

    return act(database, ctx, request, action, given=data)


@get("/api/branches", opt=_SCOPE, sync_to_thread=True, operation_class=takes(*usual("page", "limit")))
def list_branches(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[BranchOut]]:
    """The branches by id."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        branches, total = service.list_branches(conn, limit=page.limit, offset=page.offset)
    out = [branch_out(branch) for branch in branches]
    return envelope(ctx, out, message="Branches fetched", links=page_links(page, total=total))


@post("/api/branches", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def create_branch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[BranchBody],
) -> JsonResponse[Envelope[BranchOut]]:
    """Make a branch."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            branch = service.create_branch(conn, ctx, name=data.data.name)
        return Answer(envelope(ctx, branch_out(branch), message="Branch created"), status=HTTPStatus.CREATED)

    return act(database, ctx, request, action, given=data)
