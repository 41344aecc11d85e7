"""A peer: django-import-export with its documented settings for speed, into one model with the workbook's columns.

    python peer_django.py look-up|insert DATABASE_URL BOOK

`use_bulk=True`, `batch_size=1000`, `skip_diff=True` (which leaves out the report in HTML too), DEBUG off, one
transaction, and no cleaning of model instances, all as its documentation advises for large imports. `look-up` finds
each row by (order number, line), which a unique index serves: this is what a file costs that may hold known orders,
and what Tranche does. `insert` sets `force_init_instance`, its documented way to take every row for a new one; a
second import of the same file would then fail.

It reads each cell by the widget of its field (numbers, dates), and reports the rows that it cannot read. It forms no
orders, matches no customers or items, checks no rule across rows, and the whole file is held in memory.
"""

import json
import sys
import time
from pathlib import Path

import django
import tablib
from django.conf import settings
from django.db import connection, models
from import_export.resources import ModelResource
from psycopg.conninfo import conninfo_to_dict

_COLUMNS = (
    "order_number",
    "customer_name",
    "email",
    "order_date",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "currency",
)


def main() -> None:
    """Import the workbook; prints seconds and rows as JSON."""
    mode, url, book = sys.argv[1:]
    configure(url)
    model = make_model()
    with connection.schema_editor() as editor:
        editor.create_model(model)
    resource = make_resource(model, is_looking_up=mode == "look-up")
    begun = time.perf_counter()
    resource.import_data(load(Path(book)), raise_errors=True)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "rows": model.objects.count()}))


def configure(url: str) -> None:
    """Django without a project."""
    given = conninfo_to_dict(url)
    settings.configure(
        DEBUG=False,
        USE_TZ=True,
        INSTALLED_APPS=["import_export"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": given["dbname"],
                "USER": given["user"],
                "HOST": given["host"],
                "PORT": given["port"],
            }
        },
    )
    django.setup()


def make_model() -> type[models.Model]:
    """The same columns as the workbook's, and the line within its order; only now may a model be defined."""

    class OrderLine(models.Model):
        order_number = models.CharField(max_length=60)
        line = models.IntegerField()
        customer_name = models.CharField(max_length=200)
        email = models.CharField(max_length=254)
        order_date = models.DateField()
        sku = models.CharField(max_length=60)
        description = models.CharField(max_length=500)
        quantity = models.DecimalField(max_digits=18, decimal_places=4)
        unit_price = models.DecimalField(max_digits=18, decimal_places=4)
        currency = models.CharField(max_length=3)

        class Meta:
            app_label = "bench"
            db_table = "order_lines"
            constraints = (models.UniqueConstraint(fields=["order_number", "line"], name="one_line"),)

        def __str__(self) -> str:
            return f"{self.order_number}/{self.line}"

    return OrderLine


def make_resource(order_line: type[models.Model], *, is_looking_up: bool) -> ModelResource:
    """The importer, as fast as its documentation makes it."""

    class OrderLines(ModelResource):
        class Meta:
            model = order_line
            fields = ("line", *_COLUMNS)
            import_id_fields = ("order_number", "line")
            use_bulk = True
            batch_size = 1000
            skip_diff = True
            force_init_instance = not is_looking_up

    return OrderLines()


def load(book: Path) -> tablib.Dataset:
    """The workbook by its own reader, and the line within each order, which the workbook does not hold."""
    with book.open("rb") as stream:
        dataset = tablib.Dataset().load(stream, format="xlsx")
    dataset.headers = list(_COLUMNS)
    lines: list[int] = []
    order, line = "", 0
    for number in dataset["order_number"]:
        line = line + 1 if number == order else 1
        order = number
        lines.append(line)
    dataset.append_col(lines, header="line")
    return dataset


if __name__ == "__main__":
    main()
