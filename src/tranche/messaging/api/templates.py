"""Templates: listed, kept, taken back, looked at as they would be filled."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE, admin, viewer
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import KEEPS_NOTHING
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse, Out
from tranche.kernel.web.openapi import choice, takes
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice
from tranche.messaging import service
from tranche.messaging.api.channels import read_channel
from tranche.messaging.domain import Channel, Template, check_template, fill, fill_line
from tranche.messaging.schemas import TemplateBody, TemplateOut, template_out
from tranche.messaging.service import Samples

_SCOPE: Final = {SCOPE: "settings"}
_CHANNEL: Final = choice("channel", "Only this channel.", choices=list(Channel))
_ADDRESS: Final = "/api/message-templates/{name:str}/{channel:str}/{language:str}"


class FilledOut(Out, frozen=True):
    """A template as a recipient would read it."""

    subject: str
    body: str


class TemplatesOut(Out, frozen=True):
    """All templates, and what they may hold."""

    templates: list[TemplateOut]
    placeholders: list[str]


def make_template_routes(*, places: Sequence[str], samples: Samples) -> Sequence[Any]:
    """The routes; `places` are the placeholders there are."""

    @get("/api/message-templates", opt=_SCOPE, sync_to_thread=True, operation_class=takes(_CHANNEL))
    def list_templates(
        request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
    ) -> Envelope[TemplatesOut]:
        """Templates by name, channel and language, those that come with the program among them."""
        allow_query(request, {"channel"})
        channel = read_choice(request, "channel", choices=list(Channel))
        with database.transaction(ctx.organization_id) as conn:
            found = service.list_templates(conn, channel=Channel(channel) if channel else None)
        out = TemplatesOut(templates=[template_out(one) for one in found], placeholders=list(places))
        return envelope(ctx, out, message="Templates fetched")

    @put(_ADDRESS, opt=_SCOPE, guards=[admin], sync_to_thread=True)
    def save_template(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
        data: JSONBody[TemplateBody],
    ) -> JsonResponse[Envelope[TemplateOut]]:
        """Keep a template in place of the one of this name, channel and language."""
        allow_query(request, ())
        wanted = _template(name, channel, language, data)

        def action(conn: Connection) -> Answer:
            with under("/data"):
                saved = service.save_template(conn, ctx, template=wanted, known=places)
            return Answer(envelope(ctx, template_out(saved), message="Template saved"))

        return act(database, ctx, request, action, given=data)

    @delete(_ADDRESS, opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
    def delete_template(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
    ) -> JsonResponse[Envelope[None]]:
        """Take an own template away; the one that comes with the program shows again."""
        allow_query(request, ())
        wanted = read_channel(channel)

        def action(conn: Connection) -> Answer:
            service.delete_template(conn, ctx, name=name, channel=wanted, language=language)
            return Answer(envelope(ctx, None, message="Template deleted"))

        return act(database, ctx, request, action)

    @post(
        f"{_ADDRESS}/preview",
        opt={**_SCOPE, KEEPS_NOTHING: True},
        guards=[viewer],
        status_code=200,
        sync_to_thread=True,
    )
    def preview_template(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
        data: JSONBody[TemplateBody],
    ) -> Envelope[FilledOut]:
        """The template filled from a made-up invoice; nothing is kept."""
        allow_query(request, ())
        wanted = _template(name, channel, language, data)
        with under("/data"):
            check_template(wanted, known=places)
        with database.transaction(ctx.organization_id) as conn:
            values = samples(conn, language)
        filled = FilledOut(subject=fill_line(wanted.subject, values), body=fill(wanted.body, values))
        return envelope(ctx, filled, message="Template filled")

    return (list_templates, save_template, delete_template, preview_template)


def _template(name: str, channel: str, language: str, data: TemplateBody) -> Template:
    return Template(
        name=name,
        channel=read_channel(channel),
        language=language,
        subject=data.data.subject,
        body=data.data.body,
    )
