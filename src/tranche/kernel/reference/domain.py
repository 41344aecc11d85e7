"""What the reference shows: areas, their routes, and the fields of what goes in and comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

NOTHING: Final = Markup()

# What an error means, wherever it comes from.
MEANINGS: Final = {
    "400": "Something in the request cannot be taken; `errors` says what and where.",
    "401": "No key, or one that nobody holds.",
    "403": "The key's role, scopes or branch do not allow it.",
    "404": "It is not there, or it belongs to another organization.",
    "409": "It does not fit the present state, or a request with this Idempotency-Key is still running.",
    "410": "It was there and is gone.",
    "413": "The body or the file is too large.",
    "415": "The body is of another kind than the route reads.",
    "422": "A rule of the business refuses it, or this Idempotency-Key was used for another request.",
    "429": "More requests in a minute than are allowed; `Retry-After` says when to go on.",
    "503": "The database is away for a moment; try again after `Retry-After`.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a body or an answer; `depth` says how deep it lies in others."""

    name: str
    type: str
    depth: int = 0
    is_required: bool = False
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    text: Markup = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a route, and where it goes: path, query or header."""

    field: Field
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body or an answer: its kind, its fields, one example of it."""

    media: str
    fields: Sequence[Field] = ()
    example: str = ""
    is_enveloped: bool = False
    is_list: bool = False

    @property
    def is_json(self) -> bool:
        """Whether it is JSON; else it is a file, a form or text."""
        return self.media.endswith("json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back when all is well."""

    status: str
    phrase: str
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method at one address."""

    id: str
    method: str
    path: str
    title: str
    text: Markup
    role: str
    scope: str
    parameters: Sequence[Parameter]
    body: Content | None
    answers: Sequence[Answer]
    errors: Sequence[str]
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the API, which is one page."""

    slug: str
    title: str
    about: str
    routes: Sequence[Route]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The whole."""

    areas: Sequence[Area]

    @property
    def count(self) -> int:
        """How many routes there are."""
        return sum(len(area.routes) for area in self.areas)

    def find(self, name: str) -> Area | None:
        """The area with this slug."""
        return next((area for area in self.areas if area.slug == name), None)
