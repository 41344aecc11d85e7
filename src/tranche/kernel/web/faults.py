"""Reading what msgspec and litestar say about a bad input: which field it is, and what a person should know."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import inspect

from tranche.kernel.errors import FieldError

_PLACE = re.compile(r"^(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")
_UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`$")
_TYPES = re.compile(r"^Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`$")
_LIMITS = re.compile(r"^Expected `(?P<wanted>[^`]+)` (?P<limit>.+)$")
_OTHER_WORD = re.compile(r"^Invalid enum value (?P<given>.+)$", re.DOTALL)
_PARAMETER = re.compile(r"^Missing required \w+ parameter '(?P<name>[^']+)'")
_LONGEST_NAME = 100
_SAYINGS = {
    "Invalid decimal string": "must be a number, not text",
    "Invalid RFC3339 encoded datetime": "must be a date and time with a zone, such as 2025-10-29T08:00:00Z",
    "Invalid RFC3339 encoded date": "must be a date, such as 2025-10-29",
}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "list": "a list",
    "dict": "an object",
    "null": "null",
    "datetime": "a date and time",
    "date": "a date",
    "UploadFile": "a file",
}


def from_msgspec(message: str, *, model: type[Any]) -> FieldError:
    """One message of msgspec about a `model`, for instance "Expected `int`, got `str` - at `$.lines[0].quantity`"."""
    match = _PLACE.match(message)
    text, path = (match["text"], match["path"] or "") if match else (message, "")
    steps = [name or index for name, index in _STEP.findall(path)]
    if missing := _MISSING.match(text):
        return FieldError(pointer([*steps, missing["name"]]), "is missing", "required")
    if unknown := _UNKNOWN.match(text):
        place, known = pointer([*steps, unknown["name"][:_LONGEST_NAME]]), _list_fields(model, steps)
        return FieldError(place, f"is not a field of this {'object' if steps else 'body'}{known}", "unknown")
    if other := _OTHER_WORD.match(text):
        return FieldError(pointer(steps), f"must be {_list_words(model, steps)}, not {other['given'][:_LONGEST_NAME]}")
    return FieldError(pointer(steps), _plain(text))


def from_litestar(detail: str, extra: object) -> list[FieldError]:
    """The `detail` and `extra` of a litestar validation error."""
    if parameter := _PARAMETER.match(detail):
        return [FieldError(parameter["name"], "is missing", "required")]
    found = extra if isinstance(extra, list) else []
    return [_one(entry) for entry in found if isinstance(entry, Mapping)]


def pointer(steps: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901) from its steps; the whole document is ""."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def sentence(error: FieldError) -> str:
    """One fault as a sentence, with the field in the words of the request: `data.sources[0].quantity`."""
    name = error.pointer
    if name.startswith("/"):
        name = re.sub(r"/(\d+)(?=/|$)", r"[\1]", name[1:]).replace("/", ".").replace("~1", "/").replace("~0", "~")
    return f"{name or 'The body'} {error.detail}."


def _list_words(model: type[Any], steps: Sequence[str]) -> str:
    """The words that the field of a model takes to which these steps lead."""
    kinds = [kind for kind in _kinds(model, steps) if isinstance(kind, inspect.EnumType)]
    words = [str(word.value) for kind in kinds for word in kind.cls]
    return f"one of {', '.join(words)}" if words else "one of the words that are known"


def _list_fields(model: type[Any], steps: Sequence[str]) -> str:
    """The fields of the object of a model to which these steps lead."""
    structs = [kind for kind in _kinds(model, steps) if isinstance(kind, inspect.StructType)]
    names = dict.fromkeys(field.encode_name for kind in structs for field in kind.fields)
    return f"; it takes: {', '.join(names)}" if names else ""


def _kinds(model: type[Any], steps: Sequence[str]) -> list[inspect.Type]:
    """What may stand where these steps lead."""
    kinds = [inspect.type_info(model)]
    for step in steps:
        kinds = [inner for kind in _unfold(kinds) for inner in _step_into(kind, step)]
    return list(_unfold(kinds))


def _unfold(kinds: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    for kind in kinds:
        yield from _unfold(kind.types) if isinstance(kind, inspect.UnionType) else [kind]


def _step_into(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == step)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield kind.item_type
    elif isinstance(kind, inspect.DictType):
        yield kind.value_type


def _one(entry: Mapping[str, Any]) -> FieldError:
    key, message = str(entry.get("key", "")), str(entry.get("message", ""))
    if key == "data":
        return FieldError("", "is missing: send it as application/json", "required")
    if message == repr(key):
        return FieldError(key, "is missing", "required")
    return FieldError(key, _plain(message))


def _plain(text: str) -> str:
    if types := _TYPES.match(text):
        return f"must be {_word(types['wanted'])}, not {_word(types['given'])}"
    if limits := _LIMITS.match(text):
        return f"must be {_word(limits['wanted'])} {limits['limit']}"
    if text in _SAYINGS:
        return _SAYINGS[text]
    return text[:1].lower() + text[1:].replace("`", "'")


def _word(names: str) -> str:
    return " or ".join(_WORDS.get(name, name) for name in names.split(" | "))
