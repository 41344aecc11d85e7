"""`tranche customers`: look at customers, save their list, by way of a server."""

from typing import Annotated

import typer

from tranche.kernel.client.exporting import make_export
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say_page, show_json, show_table

_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Code", "code"),
    Column("Name", "name"),
    Column("E-mail", "email"),
    Column("Phone", "phone"),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Look at customers, save their list.")
app.command("export")(make_export("/api/customers/export", what="customers"))


@app.command("list")
def list_customers(
    *,
    search: Annotated[str | None, typer.Option(help="A code or the beginning of a name.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List customers by name."""
    with open_client() as client:
        answer = client.get("/api/customers", params={"search": search, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="customers")
