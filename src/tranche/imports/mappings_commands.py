"""`mappings list` and `mappings forget`, below the commands of any target."""

from typing import Annotated

import typer

from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say, say_page, show_json, show_table

_COLUMNS = (
    Column("Mapping", "id", Kind.NUMBER),
    Column("Header", "headerText"),
    Column("Columns", "mappingText"),
    Column("Uses", "uses", Kind.COUNT),
    Column("Last used", "usedAt", Kind.MOMENT),
)
_HOME = "/api/imports/mappings"


def make_group(target: str) -> typer.Typer:
    """The commands for what is remembered of one target's files."""
    group = typer.Typer(no_args_is_help=True, add_completion=False, help="Mappings that are remembered by header.")

    @group.command("list")
    def list_mappings(*, page: PageOption = 1, limit: LimitOption = 20, json: JsonOption = False) -> None:
        """List what is remembered, used last first."""
        with open_client() as client:
            answer = client.get(_HOME, params={"target": target, "page": page, "limit": limit})
        if json:
            show_json(answer)
            return
        show_table(_COLUMNS, [_row(entry) for entry in answer["data"]])
        pages = answer["pagination"]
        say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="remembered mappings")

    @group.command("forget")
    def forget_mapping(
        mapping: Annotated[int, typer.Argument(min=1, metavar="MAPPING", help="Its number, as the list has it.")],
    ) -> None:
        """Forget one; the next file with its header is matched by itself again."""
        with open_client() as client:
            client.delete(f"{_HOME}/{mapping}")
        say(f"Mapping {mapping} is forgotten.")

    return group


def _row(entry: dict[str, object]) -> dict[str, object]:
    header, mapping = entry["header"], entry["mapping"]
    return {
        **entry,
        "headerText": ", ".join(map(str, header)) if isinstance(header, list) else "",
        "mappingText": ", ".join(f"{name}: {value}" for name, value in mapping.items())
        if isinstance(mapping, dict)
        else "",
    }
