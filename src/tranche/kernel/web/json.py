"""JSON in and out: exact decimals, strict bodies, one base class for each direction."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar, get_args, get_origin

import msgspec
from litestar import MediaType, Response
from litestar._openapi.schema_generation import SchemaCreator  # the plugin interface names it; it has no public home
from litestar.datastructures import UploadFile
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.plugins import OpenAPISchemaPlugin, SerializationPlugin
from litestar.serialization import default_serializer
from litestar.types import Serializer
from litestar.typing import FieldDefinition

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.web.faults import from_msgspec, pointer, sentence
from tranche.kernel.web.requests import BIGGEST_INTEGER, is_moment

T = TypeVar("T")

DEEPEST: Final = 32
MOST_DIGITS: Final = 40

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_PLAIN = msgspec.json.Decoder(float_hook=Decimal)


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The base of every request body and form: `class Thing(Body, frozen=True)`.

    Subclasses repeat `frozen=True` for the type checker's sake; `rename="lower"` keeps snake_case.
    """


class Out(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The base of every response; `frozen` and `rename` as with Body."""


def utc_or_none(moment: datetime | None) -> datetime | None:
    """A moment as answers hold it."""
    return None if moment is None else moment.astimezone(UTC)


def encode(content: object) -> bytes:
    """Render a response: decimals are exact JSON numbers, bytes and text pass as they are."""
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else _ENCODER.encode(content)


def decode(raw: bytes, *, into: type[T]) -> T:
    """Read a body exactly and strictly into its struct.

    Raises:
        Invalid: it is no JSON, a field is missing, unknown or of the wrong type, or a value cannot be stored.
    """
    try:
        plain = _PLAIN.decode(raw)
        value = msgspec.json.decode(raw, type=into)
    except msgspec.ValidationError as error:
        raise _refusal(from_msgspec(str(error), model=into)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("The body is not valid JSON in UTF-8.", code="malformed") from error
    except RecursionError as error:
        raise _too_deep() from error
    _check(value, plain, ())
    return value


def _check(value: object, plain: object, path: tuple[str | int, ...]) -> None:
    """Refuse what the type allows and the database cannot hold; `plain` is the same value as the JSON had it."""
    if len(path) > DEEPEST:
        raise _too_deep()
    for step, inner, inner_plain in _children(value, plain):
        _check(inner, inner_plain, (*path, step))
    if fault := _fault(value, plain):
        raise _refusal(FieldError(pointer(path), fault))


def _children(value: object, plain: object) -> Iterator[tuple[str | int, object, object]]:
    plain_dict = plain if isinstance(plain, dict) else {}
    if isinstance(value, msgspec.Struct):
        for name, encoded in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            yield encoded, getattr(value, name), plain_dict.get(encoded)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), key, None
            yield str(key), inner, plain_dict.get(key)
    elif isinstance(value, list | tuple):
        plain_list = plain if isinstance(plain, list) else [None] * len(value)
        for index, (inner, inner_plain) in enumerate(zip(value, plain_list, strict=True)):
            yield index, inner, inner_plain


def _fault(value: object, plain: object) -> str | None:
    if isinstance(value, str):
        return "must not hold the character NUL" if "\0" in value else None
    if isinstance(value, Decimal):
        return _number_fault(value, plain)
    if isinstance(value, datetime) and value.tzinfo and not is_moment(value):
        return "must be a moment of the years 1 to 9999, at most 15:59 hours from UTC"
    if isinstance(value, int) and abs(value) > BIGGEST_INTEGER:
        return f"must lie between -{BIGGEST_INTEGER} and {BIGGEST_INTEGER}"
    return None


def _number_fault(value: Decimal, plain: object) -> str | None:
    if isinstance(plain, str):
        return "must be a number, not text"
    if not value.is_finite():
        return "must be a finite number"
    if len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > MOST_DIGITS:
        return f"must be a number of at most {MOST_DIGITS} digits"
    return None


def _refusal(fault: FieldError) -> Invalid:
    return Invalid(sentence(fault), errors=[fault])


def _too_deep() -> Invalid:
    return Invalid(f"The body is nested more than {DEEPEST} levels deep.", code="too_deep")


class JsonResponse(Response[T]):
    """The response class of the whole application; return this one where a handler builds its own response."""

    def render(self, content: object, media_type: str, enc_hook: Serializer = default_serializer) -> bytes:
        """Exact JSON, except for media types that are text."""
        if content is None and media_type != MediaType.JSON:
            return b""
        return encode(content) if not media_type.startswith("text/") else super().render(content, media_type, enc_hook)


class _ExactBody(AbstractDTO[T], Generic[T]):
    """Decodes a body without the framework's detour over Python floats."""

    def decode_bytes(self, value: bytes) -> T:
        return decode(value, into=self.model_type)

    def decode_builtins(self, value: dict[str, Any]) -> T:
        """A form: its values are text and files; what may be there many times is a list also when it comes once.

        A file that nobody chose comes as an empty text, and is none.
        """
        fields = msgspec.structs.fields(self.model_type)  # type: ignore[arg-type]  # a Body is a Struct
        many = {field.encode_name for field in fields if get_origin(field.type) is tuple}
        files = {field.encode_name for field in fields if UploadFile in get_args(field.type)}
        given = {
            name: [each] if name in many and not isinstance(each, list) else each
            for name, each in value.items()
            if each or name not in files
        }
        try:
            form = msgspec.convert(given, self.model_type, strict=False)
        except msgspec.ValidationError as error:
            raise _refusal(from_msgspec(str(error), model=self.model_type)) from error
        _check(form, None, ())
        return form

    @classmethod
    def create_for_field_definition(cls, *_: object, **__: object) -> None:
        """Nothing to prepare."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        del handler_id
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Only bodies: responses are rendered by JsonResponse."""
        del field_definition
        return False

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Iterator[DTOFieldDefinition]:  # type: ignore[override]
        del model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        del field_definition
        return False


class BodyPlugin(SerializationPlugin):
    """Gives every handler whose `data` is a Body the exact decoder."""

    def supports_type(self, field_definition: FieldDefinition) -> bool:
        return field_definition.is_subclass_of(Body)

    def create_dto_for_type(self, field_definition: FieldDefinition) -> type[AbstractDTO[Any]]:
        return _ExactBody[field_definition.annotation]  # type: ignore[name-defined]


class DecimalSchema(OpenAPISchemaPlugin):
    """Says in the OpenAPI document that a Decimal is a JSON number."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return field_definition.annotation is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        del field_definition, schema_creator
        return Schema(type=OpenAPIType.NUMBER)
