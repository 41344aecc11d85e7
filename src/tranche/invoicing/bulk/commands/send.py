"""`tranche send`: send invoices to their customers by e-mail, SMS or WhatsApp."""

from typing import Annotated

import typer

from tranche.invoicing.bulk.commands.choosing import NAMES, InvoicesArgument, RunOption, choose
from tranche.invoicing.bulk.commands.ending import finish
from tranche.kernel.client.hints import naming
from tranche.kernel.client.http import Json
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, ask, local_time, say, show_json, show_table
from tranche.kernel.text import plural
from tranche.messaging.domain import Channel

app = typer.Typer(add_completion=False)

_COLUMNS = (Column("Invoice", "number"), Column("Customer", "customer"), Column("Why not", "reason"))


@app.command()
def send(
    invoices: InvoicesArgument = None,
    *,
    run: RunOption = None,
    method: Annotated[Channel, typer.Option(help="By which channel.")] = Channel.EMAIL,
    subject: Annotated[str | None, typer.Option(help="Instead of the template's.", show_default=False)] = None,
    template: Annotated[str, typer.Option(help="The template.")] = "invoice",
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="With the invoice as PDF.")] = True,
    by_customer: Annotated[bool, typer.Option("--by-customer", help="One message for each customer.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would be reached; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Send invoices; exit code 3 when some could not be sent."""
    with open_client() as client, naming(NAMES):
        body: Json = {
            "invoice_ids": choose(client, invoices, run=run),
            "method": method.value,
            "options": {
                "subject": subject,
                "template": template,
                "include_pdf": pdf,
                "group_by_customer": by_customer,
            },
        }
        ahead = client.post("/api/batch-operations/communications/preview", body=body)["data"]
        if dry_run:
            _show(ahead, json=json)
            if not json:
                _say_sent(ahead, method=method)
            return
        if not ahead["isReal"]:
            say("The messages go to the local outbox folder; nothing leaves that machine.")
        if not yes:
            _ask_about(ahead, method=method, json=json)
        code = finish(client, client.post("/api/batch-operations/communications", body=body), wait=wait, json=json)
    raise typer.Exit(code)


def _ask_about(ahead: Json, *, method: Channel, json: bool) -> None:
    """End here without a yes, or where nobody could be reached."""
    if not ahead["reachable"]:
        _show(ahead, json=json)
        say(f"None of {plural(ahead['total'], 'invoice')} can be sent by {method}, so there is nothing to send.")
        raise typer.Exit(ExitCode.FAILURE)
    _say_sent(ahead, method=method)
    if ahead["unreachable"] and not json:
        show_table(_COLUMNS, ahead["unreachable"])
    if not ask(f"Send {ahead['reachable']:,} of {plural(ahead['total'], 'invoice')} by {method}?"):
        say("Nothing was sent. (--yes sends without asking.)")
        raise typer.Exit(ExitCode.FAILURE)


def _say_sent(ahead: Json, *, method: Channel) -> None:
    """Who sends again what was sent before is told so, and not kept from it."""
    if count := int(ahead["alreadySent"]):
        verb = "was" if count == 1 else "were"
        last = local_time(str(ahead["lastSentAt"]))
        say(f"{count:,} of them {verb} sent by {method} before, the last {last}. Sending does it again.")


def _show(ahead: Json, *, json: bool) -> None:
    if json:
        show_json(ahead)
        return
    say(f"{ahead['reachable']:,} of {ahead['total']:,} would be reached.")
    if ahead["unreachable"]:
        show_table(_COLUMNS, ahead["unreachable"])
