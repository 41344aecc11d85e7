"""`tranche pdfs`: print invoices and save the zip, or one combined file."""

from pathlib import Path
from typing import Annotated

import typer

from tranche.invoicing.bulk.commands.choosing import NAMES, InvoicesArgument, RunOption, choose
from tranche.invoicing.bulk.commands.ending import finish
from tranche.kernel.client.hints import naming
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import say

app = typer.Typer(add_completion=False)


@app.command()
def pdfs(
    invoices: InvoicesArgument = None,
    *,
    run: RunOption = None,
    language: Annotated[str | None, typer.Option(help="All in this language, such as de.", show_default=False)] = None,
    combined: Annotated[bool, typer.Option("--combined", help="Also one file with all pages.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Save the files into this folder.", show_default=False, file_okay=False)
    ] = None,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Print invoices: a zip with a manifest, and one combined file where that is wanted.

    Exit code 3 when some could not be printed.
    """
    if out is not None:
        if not wait:
            raise typer.BadParameter("the files are there at the end; leave out --no-wait", param_hint="'--out'")
        out.mkdir(parents=True, exist_ok=True)
    with open_client() as client, naming(NAMES):
        ids = choose(client, invoices, run=run)
        options = {"language": language, "create_combined_pdf": combined}
        started = client.post("/api/batch-operations/pdfs", body={"invoice_ids": ids, "options": options})
        code = finish(client, started, wait=wait, json=json)
        if out is not None:
            for file in client.get(f"/api/batch-operations/{started['id']}/files")["data"]:
                if file["kind"] != "part":
                    size = client.download(file["url"], out / file["name"])
                    say(f"Saved {out / file['name']} ({size:,} bytes).")
        elif wait:
            say(f"The files are on the page of operation {started['id']}; --out FOLDER saves them.")
    raise typer.Exit(code)
