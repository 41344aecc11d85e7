"""One example of a schema, made from its types, limits and names."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tranche.kernel.reference.fields import DEEPEST, Schema, Schemas

_TEXTS: Final = {
    "date-time": "2026-03-01T08:30:00Z",
    "date": "2026-03-01",
    "uuid": "0b9f6c1e-4d0a-4f6e-9c3e-2f6f0f3a7d51",
    "binary": "@file",
}
_BY_NAME: Final = (
    ("email", "ada@example.com"),
    ("currency", "EUR"),
    ("zone", "Europe/Berlin"),
    ("language", "en"),
    ("number", "A-1001"),
    ("url", "https://example.com/hook"),
    ("cron", "0 2 * * *"),
    ("requestId", "req-7f3a"),
    ("timestamp", "2026-03-01T08:30:00Z"),
    ("date", "2026-03-01"),
    ("message", "Done"),
    ("name", "Harbour Goods"),
    ("code", "not_found"),
)


class Examples:
    """Makes examples from the schemas of one document."""

    def __init__(self, schemas: Schemas) -> None:
        """Keep the schemas."""
        self._schemas = schemas

    def json_of(self, schema: Schema) -> str:
        """An example as indented JSON; "" where nothing is known of the value."""
        value = self.value(schema)
        return "" if value in ({}, None) else json.dumps(value, indent=2, ensure_ascii=False)

    def value(self, schema: Schema, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401  # JSON of any kind
        """An example as plain values."""
        _, found, _ = self._schemas.core(schema)
        if "enum" in found:
            return found["enum"][0]
        if kinds := found.get("oneOf") or found.get("anyOf"):
            return self.value(kinds[0], name, depth)
        kind = found.get("type")
        if kind == "object" or "properties" in found:
            return self._object(found, depth)
        if kind == "array":
            return [self.value(found.get("items", {}), name, depth + 1)] if depth <= DEEPEST else []
        return found["default"] if found.get("default") is not None else _plain(found, name)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            return {}
        return {key: self.value(inner, key, depth + 1) for key, inner in schema.get("properties", {}).items()}


def curl(
    method: str,
    path: str,
    *,
    media: str | None,
    example: object,
    is_open: bool,
    query: Sequence[str] = (),
) -> str:
    """The line that calls a route; its address and key come from the surroundings."""
    address = f'"$TRANCHE_URL{path}' + (f"?{'&'.join(query)}" if query else "") + '"'
    parts = [f"curl{'' if method == 'GET' else f' -X {method}'} {address}"]
    if not is_open:
        parts.append('-H "Authorization: Bearer $TRANCHE_API_KEY"')
    if media == "multipart/form-data":
        parts += [f"-F {name}=@{name}.xlsx" for name in _files(example)]
    elif media is not None:
        parts += [f"-H {shlex.quote(f'Content-Type: {media}')}", f"-d {shlex.quote(json.dumps(example))}"]
    return " \\\n  ".join(parts)


def _files(example: object) -> Sequence[str]:
    return [name for name, value in example.items() if value == "@file"] if isinstance(example, dict) else []


def _plain(schema: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # JSON of any kind
    kind = schema.get("type")
    if kind == "integer":
        return max(1, int(schema.get("minimum", 1)))
    if kind == "number":
        return 12.5
    if kind == "boolean":
        return True
    if kind != "string":
        return None
    if found := _TEXTS.get(schema.get("format", "")):
        return found
    return next((text for part, text in _BY_NAME if part.lower() in name.lower()), "text")
