"""What the upload commands of all targets share: the options for their mappings, and sending a file with a bar."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
import typer

from tranche.kernel.client.bars import byte_bars
from tranche.kernel.client.http import Client, Json, Params
from tranche.kernel.client.output import clean, messages, say, show_json

_WHICH: Final = "Which column is which, as JSON or @file: "

MappingOption: TypeAlias = Annotated[
    str | None, typer.Option(help=_WHICH + '{"orderId": "Order No", "dayFirst": true}.', show_default=False)
]
ItemMappingOption: TypeAlias = Annotated[
    str | None, typer.Option(help=_WHICH + '{"itemSku": "Part No", "unitPrice": "Net"}.', show_default=False)
]
StockMappingOption: TypeAlias = Annotated[
    str | None, typer.Option(help=_WHICH + '{"lotNumber": "Lot No", "dayFirst": true}.', show_default=False)
]


def read_mapping_option(text: str) -> str:
    """The JSON of a mapping, from the command line or from the file that it names behind an @."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise typer.BadParameter(f"{text[1:]} does not exist.", param_hint="--mapping") from error
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{text[1:]} cannot be read as text.", param_hint="--mapping") from error
    try:
        is_object = isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, UnicodeEncodeError):
        is_object = False
    if not is_object:
        raise typer.BadParameter(
            'It must be a JSON object of fields and headers, as in {"quantity": "Qty"}.', param_hint="--mapping"
        )
    return text


def send_file(client: Client, path: str, file: Path, *, params: Params, form: Mapping[str, str]) -> Json:
    """Upload a file to a path of the server."""
    with byte_bars(messages(), transient=True) as bar:
        task = bar.add_task(f"Sending {clean(file.name)}", total=file.stat().st_size if file.is_file() else None)

        def told(sent: int, total: int) -> None:
            bar.update(task, completed=sent, total=total)

        return client.upload(path, file, params=params, form=form, progress=told)


def show_started(started: Json, *, json: bool) -> None:
    """Work that is not waited for, and how to follow it."""
    if json:
        show_json(started)
    else:
        say(f"Follow it: tranche operations watch {started['operationId']}")
