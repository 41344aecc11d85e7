"""What the pages of stock share: the tabs, today's date, the branch at work, numbers that people type."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from tranche.inventory.domain import NoBranch
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid, TrancheError
from tranche.kernel.identity.service import get_organization
from tranche.kernel.web.pages.render import faults_of

TABS: Final = (("/stock", "Lots"), ("/stock/items", "Items"), ("/stock/expiring", "Expiring"))

_NO_BRANCH: Final = (
    "You work in no branch yet. Choose one at the top of the page, under the name of your organization; "
    "if none is offered there, ask an admin to make one in the settings."
)


def require_branch(ctx: Context) -> None:
    """Stock is always that of a branch.

    Raises:
        Invalid: says how a person comes to one.
    """
    if ctx.branch_id is None:
        raise Invalid(_NO_BRANCH)


def today_of(conn: Connection) -> date:
    """The date in the organization's zone."""
    return datetime.now(ZoneInfo(get_organization(conn).zone)).date()


def read_amount(text: str, field: str) -> Decimal | None:
    """A number as it was typed, None where nothing was; `field` is where a fault is shown.

    Raises:
        Invalid: it is no number.
    """
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip().replace("−", "-"))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Invalid("This must be a number.", errors=[FieldError(f"/{field}", "must be a number, such as 12.5")])
    return value


def need_amount(text: str, field: str) -> Decimal:
    """As `read_amount`, where something must be typed.

    Raises:
        Invalid: it is no number, or missing.
    """
    value = read_amount(text, field)
    if value is None:
        raise Invalid("A number is missing.", errors=[FieldError(f"/{field}", "is missing", "required")])
    return value


def read_day(text: str, field: str) -> datetime | None:
    """A day as a browser sends it: midnight UTC, which is how a day is kept.

    Raises:
        Invalid: it is no day.
    """
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), datetime.min.time(), UTC)
    except ValueError as error:
        raise Invalid("This is no date.", errors=[FieldError(f"/{field}", "must be a date")]) from error


def told(error: TrancheError | None, names: Mapping[str, str]) -> dict[str, str]:
    """The faults of a refusal under the names that a page's fields have; a fault without a field is the form's."""
    if error is None:
        return {}
    if isinstance(error, NoBranch):
        return {"": _NO_BRANCH}
    return {names.get(name, name): text for name, text in faults_of(error).items()}
