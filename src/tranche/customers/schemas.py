"""The wire contract of customers, and how it is filled."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias, cast

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from tranche.customers.domain import PHONE, Customer, CustomerFields
from tranche.kernel.web.json import Body, Out

# Told here, judged by the domain, whose sentence says what a phone number looks like.
Phone: TypeAlias = Annotated[str, Meta(extra_json_schema={"extra": {"pattern": PHONE}})]


class NewCustomer(Body, frozen=True):
    """A customer to make."""

    name: str
    code: str | None = None
    email: str | None = None
    phone: Phone | None = None
    address: str | None = None


class NewCustomerBody(Body, frozen=True):
    """POST /api/customers."""

    data: NewCustomer


class CustomerChanges(Body, frozen=True):
    """What is left out stays as it is; null empties a field."""

    name: str | UnsetType = UNSET
    code: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET


class CustomerChangesBody(Body, frozen=True):
    """PUT /api/customers/{id}."""

    data: CustomerChanges


class CustomerOut(Out, frozen=True):
    """A customer."""

    id: int
    code: str | None
    name: str
    email: str | None
    phone: str | None
    address: str | None
    created_at: datetime
    updated_at: datetime


def customer_out(customer: Customer) -> CustomerOut:
    return CustomerOut(
        id=customer.id,
        code=customer.code,
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
        created_at=customer.created_at.astimezone(UTC),
        updated_at=customer.updated_at.astimezone(UTC),
    )


def fields_of(body: NewCustomer | CustomerChanges) -> CustomerFields:
    """The fields that were given."""
    given = {name: value for name, value in asdict(body).items() if value is not UNSET}
    return cast("CustomerFields", given)
