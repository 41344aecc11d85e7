"""What the uploads of orders have of their own: the words of their first steps, and the report after them."""

from typing import Final

from tranche.imports.pages import Uploading, make_upload_pages
from tranche.kernel.errors import TrancheError
from tranche.orders import service
from tranche.orders.domain import DuplicateFile
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.pages.places import NEW, REVIEW, UPLOADS
from tranche.orders.service import TARGET

_SAME: Final = "This file came in before. Tick “Bring the same file in again” if you mean it."


def _in_words(refusal: TrancheError) -> str:
    return _SAME if isinstance(refusal, DuplicateFile) else refusal.message


ORDERS: Final = Uploading(
    target=TARGET,
    fields=ORDER_FIELDS,
    many="orders",
    row="one row for each line of an order",
    unused="is kept with the order line",
    new=NEW,
    one=REVIEW,
    back=(UPLOADS, "Uploads"),
    duplicates=(("error", "Refuse them"), ("skip", "Skip them"), ("update", "Update them")),
    try_out=service.try_out,
    report=lambda import_id, _: f"{REVIEW}/{import_id}",
    either=(
        ("customerName", "customerCode"),
        "Customer name or Customer code (or name one customer for all rows below)",
    ),
    has_customers=True,
    find_same_file=service.find_same_file,
    in_words=_in_words,
)
ROUTES: Final = make_upload_pages(ORDERS)
