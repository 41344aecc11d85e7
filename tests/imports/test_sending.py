"""The example of a mapping in the help of a command is one that this command takes."""

import json
import re
from collections.abc import Sequence
from typing import get_type_hints

import pytest
import typer

from tranche.imports.choices import read_mapping
from tranche.imports.domain import Field
from tranche.imports.sending import read_mapping_option
from tranche.inventory.commands.items import app as items
from tranche.inventory.commands.stock import app as stock
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.orders.commands import app as orders
from tranche.orders.fields import ORDER_FIELDS


@pytest.mark.parametrize(
    ("app", "command", "fields"),
    [
        (orders, "upload", ORDER_FIELDS),
        (orders, "judge", ORDER_FIELDS),
        (items, "import", ITEM_FIELDS),
        (stock, "import", STOCK_FIELDS),
    ],
)
def test_the_example_in_the_help_is_taken(app: typer.Typer, command: str, fields: Sequence[Field]) -> None:
    callback = next(entry.callback for entry in app.registered_commands if entry.name == command)
    option = get_type_hints(callback, include_extras=True)["mapping"].__metadata__[0]
    example = re.search(r"\{.*\}", option.help)
    assert example
    assert read_mapping(json.loads(example.group()), fields=fields).columns


@pytest.mark.parametrize("text", ["[]", "{", "1"])
def test_what_is_no_mapping_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="a JSON object of fields and headers"):
        read_mapping_option(text)
