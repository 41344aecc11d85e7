"""The refusals of invoices."""

from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound


class InvoiceNotFound(NotFound):
    """No such invoice in this organization."""

    code = "invoice_not_found"
    noun = "invoice"


class SelectionNotFound(NotFound):
    """No such selection in this organization, or it has expired."""

    code = "selection_not_found"
    noun = "selection"


class NotLive(Conflict):
    """The invoice was voided or credited before, or it is a credit note."""

    code = "invoice_not_live"


class NothingSelected(Invalid):
    """The filter matches no order."""

    code = "nothing_selected"


class TooManyOrders(Invalid):
    """More orders than one run or one list may name."""

    code = "too_many_orders"


class OrderRefused(Conflict):
    """The one order that was asked for cannot be invoiced; the code is that of the verdict."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, code=code)


def invalid_field(pointer: str, detail: str) -> Invalid:
    """The refusal of one field of a body."""
    name = pointer.rpartition("/")[2] or pointer
    return Invalid(f"{name} {detail}.", errors=[FieldError(pointer, detail)])
