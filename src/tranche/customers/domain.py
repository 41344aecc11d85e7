"""What a customer is, and the refusals about customers."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, cast

from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tranche.kernel.text import fold

_LONGEST = {"code": 100, "name": 300, "email": 254, "phone": 50, "address": 2000}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Nobody can be called by a text without a digit; which other signs stand between digits differs by country.
PHONE = r"^\s*$|[0-9]"
_PHONE = re.compile(PHONE)
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `code` is unique in its organization, and without one the name is."""

    id: int
    code: str | None
    name: str
    email: str | None
    phone: str | None
    address: str | None
    created_at: datetime
    updated_at: datetime


class CustomerFields(TypedDict, total=False):
    """What a person may set; an absent key means no change, None means empty."""

    code: str | None
    name: str
    email: str | None
    phone: str | None
    address: str | None


class UnknownCustomer(NotFound):
    """No such customer in this organization."""

    code = "unknown_customer"
    noun = "customer"


class CodeTaken(Conflict):
    """Another customer has this code."""

    code = "customer_code_taken"


class NameTaken(Conflict):
    """Another customer without a code has this name, so that nothing would tell the two apart."""

    code = "customer_name_taken"


def clean(fields: CustomerFields) -> CustomerFields:
    """Cut the ends and make empty texts None.

    Raises:
        Invalid: a name that is none, something too long, a line break where none can be, an address that is none.
    """
    cut = {key: (value or "").strip() for key, value in fields.items() if isinstance(value, str | None)}
    faults = [fault for key, value in cut.items() if (fault := _fault(key, value))]
    if faults:
        raise Invalid(" ".join(f"{fault.pointer[1:]} {fault.detail}." for fault in faults), errors=faults)
    return cast(CustomerFields, {key: value or None for key, value in cut.items()})


def find_phone_fault(text: str | None) -> str | None:
    """What is wrong with a phone number, of a customer or of anybody else; nothing where there is none."""
    return None if _PHONE.search(text or "") else "must be a phone number such as +880 1711 000000, or empty"


def _fault(key: str, value: str) -> FieldError | None:
    if key == "name" and not fold(value):
        return FieldError("/name", "must not be empty", "required")
    if len(value) > _LONGEST[key]:
        return FieldError(f"/{key}", f"must have at most {_LONGEST[key]} characters", "too_long")
    if key != "address" and _CONTROL.search(value):
        return FieldError(f"/{key}", "must not hold line breaks or other control characters")
    if key == "email" and value and not _EMAIL.fullmatch(value):
        return FieldError("/email", "must be an e-mail address")
    if key == "phone" and (detail := find_phone_fault(value)):
        return FieldError("/phone", detail)
    return None
