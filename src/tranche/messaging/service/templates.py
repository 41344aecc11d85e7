"""Templates: those that come with the program, and those that an organization has put in their place."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.messaging.domain import Channel, Template, TemplateNotFound, check_template
from tranche.messaging.queries import templates as queries

# What placeholders stand for in a made-up message of this language; whoever fills templates knows.
Samples: TypeAlias = Callable[[Connection, str], Mapping[str, str]]

_MOST: Final = 1_000
_LAST_RESORT: Final = "en"


def list_templates(conn: Connection, *, channel: Channel | None = None) -> list[Template]:
    """All templates by name, channel and language; an organization's own hides the one that comes with the program."""
    found = {(one.name, one.channel, one.language): one for one in _built_in()}
    for row in queries.list_templates(conn, channel=channel, limit=_MOST):
        own = Template(**{**row, "channel": Channel(row["channel"])})
        found[(own.name, own.channel, own.language)] = own
    wanted = [one for one in found.values() if channel in {None, one.channel}]
    return sorted(wanted, key=lambda one: (one.name, one.channel, one.language))


def get_template(conn: Connection, *, name: str, channel: Channel, language: str) -> Template:
    """The template in this language, else in English.

    Raises:
        TemplateNotFound
    """
    base = language.partition("-")[0].lower()
    built_in = {(one.name, one.channel, one.language): one for one in _built_in()}
    for wanted in dict.fromkeys((base, _LAST_RESORT)):
        row = queries.find_template(conn, name=name, channel=channel, language=wanted)
        if row:
            return Template(**{**row, "channel": Channel(row["channel"])})
        if (name, channel, wanted) in built_in:
            return built_in[(name, channel, wanted)]
    raise TemplateNotFound(f"There is no template {name!r} for {channel} in {language} or English.")


def save_template(conn: Connection, ctx: Context, *, template: Template, known: Sequence[str]) -> Template:
    """Keep a template in place of the one of the same name, channel and language. `known` are its placeholders.

    Raises:
        Invalid: it cannot be filled or sent; names the field.
    """
    check_template(template, known=known)
    row = queries.save_template(
        conn,
        name=template.name,
        channel=template.channel,
        language=template.language,
        subject=template.subject,
        body=template.body,
        user_id=ctx.user_id,
    )
    audit.record(conn, ctx, action="message_template.update", subject_id=row["id"], detail={"name": template.name})
    return Template(**{**row, "channel": Channel(row["channel"])})


def delete_template(conn: Connection, ctx: Context, *, name: str, channel: Channel, language: str) -> None:
    """Remove an organization's own template; the one that comes with the program shows again.

    Raises:
        TemplateNotFound
    """
    if not queries.delete_template(conn, name=name, channel=channel, language=language):
        raise TemplateNotFound.of(name, hint="your organization has none of its own for this channel and language")
    audit.record(conn, ctx, action="message_template.delete", subject_id=None, detail={"name": name})


@cache
def _built_in() -> tuple[Template, ...]:
    text = files("tranche.messaging").joinpath("templates.json").read_text(encoding="utf-8")
    return tuple(Template(**{**one, "channel": Channel(one["channel"])}) for one in json.loads(text))
