"""`tranche webhooks`: who is told of events, and what became of each delivery, by way of a server."""

from typing import Annotated, Any, TypeAlias

import typer

from tranche.kernel.client.hints import naming
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import (
    Column,
    ExitCode,
    Kind,
    ask,
    say,
    say_page,
    show_fields,
    show_json,
    show_table,
)
from tranche.kernel.notify.domain import Status

_HOME = "/api/webhooks"
_NAMES = {"url": "URL", "eventTypes": "--event", "description": "--description"}
_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Address", "url"),
    Column("Events", "events"),
    Column("Enabled", "isEnabled"),
    Column("Failures", "failures", Kind.COUNT),
    Column("Off because", "disabledReason"),
    Column("Description", "description"),
)
_SECRET = Column("Secret", "secret")
_NAMES = {"eventTypes": "--event", "url": "URL", "description": "--description"}
_DELIVERY_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Event", "event"),
    Column("Status", "status"),
    Column("Attempts", "attempts", Kind.COUNT),
    Column("Answer", "code", Kind.NUMBER),
    Column("Milliseconds", "duration", Kind.COUNT),
    Column("Next attempt", "nextAttemptAt", Kind.MOMENT),
    Column("Created", "createdAt", Kind.MOMENT),
    Column("Why", "error"),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Tell other systems when operations end.")

WebhookArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="ID", help="The id of the webhook, as the list has it.")
]


@app.command("list")
def list_webhooks(*, page: PageOption = 1, limit: LimitOption = 20, json: JsonOption = False) -> None:
    """List the webhooks."""
    with open_client() as client:
        answer = client.get(_HOME, params={"page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, [_row(webhook) for webhook in answer["data"]])
    _say_page(answer, page=page, what="webhooks")


@app.command()
def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent, such as https://example.com/hook.")],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(help="Only this event, such as operation.failed; may be repeated.", show_default="all"),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.", show_default=False)] = "",
    json: JsonOption = False,
) -> None:
    """Make a webhook and show its secret, this once."""
    body: dict[str, Any] = {"url": url, "description": description}
    if event:
        body["eventTypes"] = event
    with open_client() as client, naming(_NAMES):
        answer = client.post(_HOME, body={"data": body})
    if json:
        show_json(answer)
        return
    show_fields((*_COLUMNS, _SECRET), _row(answer["data"]))
    say("Keep the secret now: it is not shown again. Try it: tranche webhooks test " + str(answer["data"]["id"]))


@app.command()
def enable(webhook: WebhookArgument, *, json: JsonOption = False) -> None:
    """Switch a webhook on, also one that failures have switched off; what ended while it was off is not sent."""
    _switch(webhook, is_enabled=True, json=json)


@app.command()
def disable(webhook: WebhookArgument, *, json: JsonOption = False) -> None:
    """Switch a webhook off; what waits for it fails."""
    _switch(webhook, is_enabled=False, json=json)


@app.command()
def rotate(webhook: WebhookArgument, *, json: JsonOption = False) -> None:
    """Give a webhook a new secret, shown this once; for 24 hours the old one signs beside it."""
    with open_client() as client:
        answer = client.post(f"{_HOME}/{webhook}/rotate")
    if json:
        show_json(answer)
        return
    show_fields((*_COLUMNS, Column("Old secret until", "oldSecretUntil", Kind.MOMENT), _SECRET), _row(answer["data"]))
    say("Keep the secret now: it is not shown again.")


@app.command()
def delete(
    webhook: WebhookArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove a webhook; what waits for it is not sent."""
    with open_client() as client:
        found = client.get(f"{_HOME}/{webhook}")["data"]
        if not (yes or ask(f"Delete webhook {webhook} ({found['url']})?")):
            say("Nothing was deleted. (--yes deletes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        answer = client.delete(f"{_HOME}/{webhook}")
    if json:
        show_json(answer)
    else:
        say(f"Webhook {webhook} was deleted.")


@app.command("test")
def send_test(webhook: WebhookArgument, *, json: JsonOption = False) -> None:
    """Send a test event, whether the webhook is enabled or not."""
    with open_client() as client:
        answer = client.post(f"{_HOME}/{webhook}/test")
    if json:
        show_json(answer)
    else:
        say(f"Test event {answer['data']['id']} is on its way: tranche webhooks deliveries {webhook}")


@app.command()
def deliveries(
    webhook: WebhookArgument,
    *,
    status: Annotated[Status | None, typer.Option(help="Only deliveries of this status.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List what was sent to a webhook, the newest first, with the last answer."""
    params = {"status": status.value if status else None, "page": page, "limit": limit}
    with open_client() as client:
        answer = client.get(f"{_HOME}/{webhook}/deliveries", params=params)
    if json:
        show_json(answer)
        return
    show_table(_DELIVERY_COLUMNS, [_delivery(delivery) for delivery in answer["data"]])
    _say_page(answer, page=page, what="deliveries")


@app.command()
def resend(
    delivery: Annotated[int, typer.Argument(min=1, metavar="DELIVERY", help="The id of the delivery.")],
    *,
    json: JsonOption = False,
) -> None:
    """Send an ended delivery again, under the same webhook-id."""
    with open_client() as client:
        answer = client.post(f"{_HOME}/deliveries/{delivery}/resend")
    if json:
        show_json(answer)
    else:
        say(f"Delivery {delivery} is on its way again.")


def _switch(webhook: int, *, is_enabled: bool, json: bool) -> None:
    with open_client() as client:
        answer = client.put(f"{_HOME}/{webhook}", body={"data": {"isEnabled": is_enabled}})
    if json:
        show_json(answer)
    else:
        say(f"Webhook {webhook} ({answer['data']['url']}) is {'on' if is_enabled else 'off'}.")


def _row(webhook: dict[str, Any]) -> dict[str, Any]:
    return {**webhook, "events": ", ".join(webhook["eventTypes"])}


def _delivery(delivery: dict[str, Any]) -> dict[str, Any]:
    last = delivery["log"][-1] if delivery["log"] else {}
    return {**delivery, "code": last.get("statusCode"), "duration": last.get("durationMs")}


def _say_page(answer: dict[str, Any], *, page: int, what: str) -> None:
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what=what)
