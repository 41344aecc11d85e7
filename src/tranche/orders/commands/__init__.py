"""`tranche orders`: uploads, batches, errors and orders, by way of a server."""

import typer

from tranche.imports.mappings_commands import make_group
from tranche.kernel.client.exporting import make_export
from tranche.orders.commands.batches import adopt_legacy, delete, show_batches, show_errors
from tranche.orders.commands.correcting import correct, fix
from tranche.orders.commands.orders import list_orders, show_order
from tranche.orders.commands.second import bring_in, judge, undo
from tranche.orders.commands.upload import upload

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Upload orders, look at batches and their errors.")
app.command("upload")(upload)
app.command("judge")(judge)
app.command("import")(bring_in)
app.command("batches")(show_batches)
app.command("errors")(show_errors)
app.command("undo")(undo)
app.command("correct")(correct)
app.command("fix")(fix)
app.command("delete")(delete)
app.command("list")(list_orders)
app.command("show")(show_order)
app.command("export")(make_export("/api/orders/export", what="orders"))
app.command("export-batches")(make_export("/api/orders/batches/export", what="batches"))
app.command("adopt-legacy")(adopt_legacy)
app.add_typer(make_group("order"), name="mappings")

__all__ = ["app"]
