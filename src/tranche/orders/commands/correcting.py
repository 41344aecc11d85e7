"""`tranche orders correct` and `fix`: the corrected workbook of a batch's errors, one row, or one field of a group."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tranche.imports.sending import send_file
from tranche.kernel.client.hints import with_options
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import JsonOption, WaitOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, say, show_fields, show_json, show_table
from tranche.kernel.client.watch import watch_or_leave
from tranche.orders.commands.naming import BatchArgument, find_read_batch

_SUMMARY_COLUMNS = (
    Column("Rows taken", "rows", Kind.COUNT),
    Column("Rows left out", "leftOut", Kind.COUNT),
    Column("Orders checked again", "total", Kind.COUNT),
    Column("Imported", "succeeded", Kind.COUNT),
    Column("Still refused", "failed", Kind.COUNT),
    Column("Skipped", "skipped", Kind.COUNT),
)
_SHOWN = 10
_ROW_COLUMNS = (
    Column("Row", "row", Kind.NUMBER),
    Column("Order", "group"),
    Column("Status", "status"),
    Column("What is wrong", "wrong"),
)


def correct(
    batch: BatchArgument,
    file: Annotated[
        Path,
        typer.Argument(help="The corrected workbook, as `tranche orders errors` saved it.", show_default=False),
    ],
    *,
    wait: WaitOption = True,
    json: JsonOption = False,
) -> None:
    """Send the corrected workbook of a batch's errors; exit code 3 when some orders are still refused."""
    with open_client() as client:
        path = f"/api/imports/{find_read_batch(client, batch)['importId']}/corrections"
        started = send_file(client, path, file, params={}, form={})["data"]
        if not wait:
            _show_started(started, json=json)
            return
        ended = watch_or_leave(client, int(started["id"]))
    if json:
        show_json(ended)
    else:
        _show_ended(ended, batch=batch)
    raise typer.Exit(_exit_code(ended))


def fix(
    batch: BatchArgument,
    *,
    row: Annotated[
        int | None, typer.Option(min=1, help="Its number, as your spreadsheet shows it.", show_default=False)
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="All rows with this error: a key of `tranche orders errors --groups`.", show_default=False),
    ] = None,
    sets: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="A field, or its column in the file, and its value; none empties it."
        ),
    ],
    json: JsonOption = False,
) -> None:
    """Correct cells of one refused row, or one field of a group of rows; exit code 3 when some are still refused."""
    cells = dict(_cell(text) for text in sets)
    if (row is None) == (group is None):
        raise typer.BadParameter("Name one --row, or one --group.", param_hint="--row")
    if group is not None and len(cells) > 1:
        raise typer.BadParameter("In a group of rows one field is set at a time.", param_hint="--set")
    with open_client() as client:
        home = f"/api/imports/{find_read_batch(client, batch)['importId']}"
        code = (
            _fix_row(client, home, cells, batch=batch, row=row or 0, json=json)
            if group is None
            else _fix_group(client, f"{home}/errors/groups/{group}/set", cells, batch=batch, json=json)
        )
    raise typer.Exit(code)


def _fix_row(
    client: Client, home: str, cells: Mapping[str, str | None], *, batch: int, row: int, json: bool
) -> ExitCode:
    answer = client.patch(f"{home}/rows/{row}", body={"cells": {**cells}})
    rows = answer["data"]
    if json:
        show_json(answer)
    else:
        _show_rows(rows, batch=batch, row=row)
    is_refused = any(found["status"] == "refused" for found in rows)
    return ExitCode.COMPLETED_WITH_ERRORS if is_refused else ExitCode.OK


def _show_rows(rows: Sequence[Json], *, batch: int, row: int) -> None:
    """The row that was corrected and the first of those that are still wrong, and where the others of the order are."""
    found = [{**one, "wrong": _wrong(one)} for one in rows]
    asked = [one for one in found if one["row"] == row]
    wrong = [one for one in found if one["row"] != row and one["wrong"]]
    shown = [*asked, *wrong[: _SHOWN - 1]]
    show_table(_ROW_COLUMNS, shown)
    if len(wrong) >= _SHOWN:
        say(f"{len(wrong):,} other rows are wrong still. All of them: tranche orders errors {batch}")
    if len(rows) > len(shown):
        say(f"{len(rows):,} rows were judged again, {len(shown):,} shown. (--json prints all.)")


def _fix_group(client: Client, path: str, cells: Mapping[str, str | None], *, batch: int, json: bool) -> ExitCode:
    ((field, value),) = cells.items()
    started = client.post(path, body={"field": field, "value": value})["data"]
    ended = watch_or_leave(client, int(started["id"]))
    if json:
        show_json(ended)
    else:
        _show_ended(ended, batch=batch)
    return _exit_code(ended)


def _cell(text: str) -> tuple[str, str | None]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise typer.BadParameter(f"{text} is not of the form field=value, such as quantity=3.", param_hint="--set")
    return name.strip(), value or None


def _wrong(row: Json) -> str:
    return "; ".join(error["message"] for error in row["errors"] if error["severity"] == "error")


def _show_started(started: Json, *, json: bool) -> None:
    if json:
        show_json(started)
    say(f"Follow it: tranche operations watch {started['id']}")


def _show_ended(ended: Json, *, batch: int) -> None:
    """What a correction did; one that could not be taken over at all has done nothing, and only says why."""
    if ended["error"] and not ended["total"]:
        say(with_options(ended["error"]["message"]))
        return
    show_fields(_SUMMARY_COLUMNS, {**ended, "rows": 0, "leftOut": 0, **ended["summary"]})
    left_out = ended["summary"].get("leftOutRows")
    if left_out:
        shown = ", ".join(map(str, left_out[:10]))
        say(f"Left out, because no refused row has their _row or it came before: rows {shown} of the workbook.")
    if ended["error"]:
        say(with_options(ended["error"]["message"]))
    if ended["failed"]:
        say(f"What is still wrong: tranche orders errors {batch} --out errors.xlsx")


def _exit_code(ended: Json) -> ExitCode:
    if ended["status"] == "cancelled" or (ended["error"] and ended["error"]["code"] != "all_failed"):
        return ExitCode.FAILURE
    return ExitCode.COMPLETED_WITH_ERRORS if ended["failed"] else ExitCode.OK
