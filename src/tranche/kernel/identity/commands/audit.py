"""`tranche audit`: who did what, by way of a server."""

from typing import Annotated

import typer

from tranche.kernel.client.exporting import make_export
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say_page, show_json, show_table

_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("At", "at", Kind.MOMENT),
    Column("Who", "actor"),
    Column("What", "action"),
    Column("Subject", "subjectId", Kind.NUMBER),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="See who did what; administrators only.")
app.command("export")(make_export("/api/audit/export", what="entries of the audit log"))


@app.command("list")
def list_entries(
    *,
    action: Annotated[str | None, typer.Option(help="Only this action.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List the entries, the newest first."""
    with open_client() as client:
        answer = client.get("/api/audit", params={"action": action, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="entries")
