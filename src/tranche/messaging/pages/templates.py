"""Settings, message templates: the list, and an editor that shows a filled message while one writes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.listing import Column, Listing
from tranche.kernel.web.pages.render import Html, faults_of, fragment, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.messaging import service
from tranche.messaging.domain import (
    Channel,
    ChannelNotFound,
    Template,
    TemplateNotFound,
    check_template,
    fill,
    fill_line,
)
from tranche.messaging.pages.outbox import NAMES
from tranche.messaging.service import Samples

PATH: Final = "/settings/templates"
_ONE: Final = PATH + "/{name:str}/{channel:str}/{language:str}"
_COLUMNS: Final = (
    Column(label="Template"),
    Column(label="Channel"),
    Column(label="Language"),
    Column(label="Words"),
    Column(label="Whose"),
)


class TemplateForm(Body, frozen=True):
    """What is written into the editor."""

    subject: str = ""
    body: str = ""


def make_template_pages(  # noqa: C901  # five pages that share what they are made from
    *, places: Sequence[str], samples: Samples
) -> Sequence[Any]:
    """The pages; `places` are the placeholders there are."""

    @page(PATH, role=Role.ADMIN)
    def templates_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
        """All templates."""
        with database.transaction(ctx.organization_id) as conn:
            found = service.list_templates(conn)
        listing = Listing(path=PATH, columns=_COLUMNS, total=f"{len(found):,}")
        data = {"templates": found, "listing": listing, "names": NAMES}
        return render(request, "messaging/templates.html", data)

    @page(_ONE, role=Role.ADMIN)
    def template_page(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
    ) -> Html:
        """The editor, with the words of now."""
        with database.transaction(ctx.organization_id) as conn:
            found = service.get_template(conn, name=name, channel=_read(channel), language=language)
            values = samples(conn, language)
        own = Template(
            name=name,
            channel=found.channel,
            language=language,
            subject=found.subject,
            body=found.body,
            id=found.id if found.language == language else None,
        )
        return render(request, "messaging/template.html", _editor(own, values))

    @form(_ONE, role=Role.ADMIN)
    def save_template(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
        data: URLEncodedBody[TemplateForm],
    ) -> Html:
        """Keep what was written."""
        wanted = _template(name, channel, language, data)
        try:
            with database.transaction(ctx.organization_id) as conn:
                service.save_template(conn, ctx, template=wanted, known=places)
        except Invalid as error:
            with database.transaction(ctx.organization_id) as conn:
                shown = _editor(wanted, samples(conn, language), error=error)
            return render(request, "messaging/template.html", shown, status=400)
        return redirect(PATH, say="The template is saved.")

    @form(_ONE + "/reset", role=Role.ADMIN)
    def reset_template(
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
    ) -> Html:
        """Take the own template away."""
        try:
            with database.transaction(ctx.organization_id) as conn:
                service.delete_template(conn, ctx, name=name, channel=_read(channel), language=language)
        except TemplateNotFound:
            return redirect(PATH, say="It was taken away already.")
        return redirect(PATH, say="The template that comes with the program is back.")

    @form(_ONE + "/preview", role=Role.ADMIN)
    def preview_template(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        name: FromPath[str],
        channel: FromPath[str],
        language: FromPath[str],
        data: URLEncodedBody[TemplateForm],
    ) -> Html:
        """The message as a recipient would read it; nothing is kept."""
        wanted = _template(name, channel, language, data)
        error = None
        try:
            check_template(wanted, known=places)
        except Invalid as found:
            error = found
        with database.transaction(ctx.organization_id) as conn:
            shown = _editor(wanted, samples(conn, language), error=error)
        return fragment(request, "messaging/template.html", "preview", shown)

    def _editor(template: Template, values: Mapping[str, str], *, error: Invalid | None = None) -> dict[str, Any]:
        return {
            "template": template,
            "name": NAMES[template.channel],
            "places": [(place, values.get(place, "")) for place in places],
            "filled": (fill_line(template.subject, values), fill(template.body, values)),
            "faults": faults_of(error) if error else {},
            "address": f"{PATH}/{template.name}/{template.channel}/{template.language}",
        }

    return (templates_page, template_page, save_template, reset_template, preview_template)


def _template(name: str, channel: str, language: str, data: TemplateForm) -> Template:
    body = data.body.replace("\r\n", "\n")
    return Template(name=name, channel=_read(channel), language=language, subject=data.subject, body=body)


def _read(text: str) -> Channel:
    if text not in set(Channel):
        raise ChannelNotFound.of(text)
    return Channel(text)
