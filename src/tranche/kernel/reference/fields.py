"""Schemas as a list of fields: references are followed, what lies inside is indented, circles are cut."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from tranche.kernel.reference.domain import Field
from tranche.kernel.text import plural
from tranche.kernel.web.requests import BIGGEST_INTEGER

Schema = Mapping[str, Any]

DEEPEST: Final = 4
_CODE: Final = re.compile(r"`([^`]+)`")
_FORMATS: Final = {"date-time": "moment", "date": "date", "uuid": "UUID", "binary": "file", "email": "e-mail address"}
_LIMITS: Final = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "at least {}"),
    ("maxLength", "at most {}"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("pattern", "like {}"),
)
_COUNTED: Final = {
    "minLength": ("character",),
    "maxLength": ("character",),
    "minItems": ("entry", "entries"),
    "maxItems": ("entry", "entries"),
}


class Schemas:
    """The named schemas of a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read from a whole document."""
        self._named: Mapping[str, Schema] = document["components"]["schemas"]

    def follow(self, schema: Schema) -> tuple[str, Schema]:
        """What a schema refers to, with its name; one that refers to nothing is itself."""
        name = ""
        while "$ref" in schema:
            name = str(schema["$ref"]).rsplit("/", 1)[-1]
            schema = self._named[name]
        return name, schema

    def core(self, schema: Schema) -> tuple[str, Schema, bool]:
        """A schema without its null: its name, itself, and whether it may be null."""
        name, found = self.follow(schema)
        kinds = found.get("oneOf") or found.get("anyOf") or []
        inner = [kind for kind in kinds if kind.get("type") != "null"]
        if len(inner) != 1:
            return name, found, len(inner) < len(kinds)
        name, told, _ = self.core(inner[0])
        return name, {**told, **{key: found[key] for key in ("description", "default") if key in found}}, len(kinds) > 1

    def rows(self, schema: Schema, *, depth: int = 0, above: tuple[str, ...] = ()) -> Iterator[Field]:
        """The fields of an object, each followed by what lies inside it."""
        name, found, _ = self.core(schema)
        if found.get("type") == "array":
            yield from self.rows(found.get("items", {}), depth=depth, above=above)
            return
        if depth > DEEPEST or (name and name in above):
            return
        required = set(found.get("required", ()))
        for key, inner in found.get("properties", {}).items():
            yield self.field(key, inner, depth=depth, is_required=key in required)
            yield from self.rows(inner, depth=depth + 1, above=(*above, name) if name else above)

    def field(self, name: str, schema: Schema, *, depth: int = 0, is_required: bool = False) -> Field:
        """One field in words."""
        _, found, may_be_null = self.core(schema)
        inner = found
        while inner.get("type") == "array":
            _, inner, _ = self.core(inner.get("items", {}))
        return Field(
            name=name,
            type=self.type_of(found) + (" or null" if may_be_null else ""),
            depth=depth,
            is_required=is_required,
            notes=tuple(_notes(found)),
            choices=tuple(str(choice) for choice in inner.get("enum", ()) if choice is not None),
            text=text_of(found.get("description", "")),
        )

    def type_of(self, schema: Schema) -> str:
        """What kind of value it is."""
        _, found, _ = self.core(schema)
        kinds = found.get("oneOf") or found.get("anyOf")
        if kinds:
            return " or ".join(dict.fromkeys(self.type_of(kind) for kind in kinds))
        kind = found.get("type")
        if isinstance(kind, list):
            ordered = sorted(kind, key=lambda one: str(one) == "null")
            return " or ".join(self.type_of({**found, "type": one}) for one in ordered)
        if kind == "array":
            return f"list of {self.type_of(found.get('items', {}))}"
        if kind == "string":
            return _FORMATS.get(found.get("format", ""), "text")
        return {"integer": "whole number", "boolean": "true or false", None: "any"}.get(kind, str(kind))


def text_of(text: str) -> Markup:
    """A docstring as HTML: what stands in backticks is code, an empty line begins a paragraph."""
    parts = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(_coded(part)) for part in parts)


def _coded(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def _notes(schema: Schema) -> Iterator[str]:
    for key, words in _LIMITS:
        if key in schema and schema[key] != BIGGEST_INTEGER:
            yield words.format(plural(schema[key], *_COUNTED[key]) if key in _COUNTED else schema[key])
    if schema.get("default") is not None and not isinstance(schema["default"], dict | list):
        default = schema["default"]
        yield f"{str(default).lower() if isinstance(default, bool) else default} if left out"
