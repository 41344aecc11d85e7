"""Names in the OpenAPI document, as people and generators of clients like them."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

_QUALIFIED: Final = re.compile(r"(?:kernel_)?(?P<room>[a-z_]+?)_(?:schemas|api)_(?:[a-z_]*_)?(?P<name>[A-Z]\w*)")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORT: Final = {"api": "API", "pdf": "PDF", "pdfs": "PDFs", "crp": "CRP", "cpc": "CPC", "me": "me"}


def slug(text: str) -> str:
    """A title as a part of an address: "API keys" as `api-keys`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def sentence_of(name: str) -> str:
    """The name of a function as words: `list_api_keys` as "List API keys"."""
    words = [_SHORT.get(word, word) for word in re.sub(_CAMEL, "_", name).lower().split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def operation_name(path: str, name: str) -> str:
    """The id of an operation: the function's name, behind the address's first word where it does not say that word.

    `list_orders` of /api/orders stays; `list_batches` of /api/orders/batches becomes `orders_list_batches`.
    """
    parts = [part for part in path.split("/") if part and part not in {"api", "functions", "v1"}]
    first = (parts[0] if parts else "").replace("-", "_")
    whole = re.sub(_CAMEL, "_", name).lower()
    singular = first.removesuffix("es") if first.endswith("ches") else first.removesuffix("s")
    return whole if singular and singular in whole else f"{first}_{whole}"


def nice_names(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """For every schema a name of letters and digits alone, unlike all others."""
    plain = {name: _plain(name) for name in schemas if not name.startswith("Envelope_")}
    taken = Counter(plain.values())
    names = {name: nice if taken[nice] == 1 else _whole(name) for name, nice in plain.items()}
    for name in schemas:
        if name not in names:
            names[name] = _envelope(schemas[name], names)
    return names


def _plain(name: str) -> str:
    found = _QUALIFIED.fullmatch(name)
    return _whole(found["room"]) + found["name"] if found else _whole(name)


def _whole(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def _envelope(schema: Mapping[str, Any], names: Mapping[str, str]) -> str:
    data = schema["properties"]["data"]
    kind = "Envelope"
    if data.get("type") == "array":
        data, kind = data["items"], "ListEnvelope"
    elif "oneOf" in data:
        data, kind = data["oneOf"][0], "OptionalEnvelope"
    inner = str(data.get("$ref", data.get("type", "Any"))).rsplit("/", 1)[-1]
    return names.get(inner, _whole(inner)).removesuffix("Out") + kind
