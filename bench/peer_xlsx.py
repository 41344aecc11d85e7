"""Two peers that write a workbook, alone: the rows are made as they are asked for, and come from no database.

    python peer_xlsx.py rustpy-xlsxwriter|xlsxwriter ROWS FILE

Both stream: the one takes a generator of records, the other runs in its mode of constant memory.
"""

import datetime as dt
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from rustpy_xlsxwriter import FastExcel

_HEADERS = (
    "crp_account_no",
    "cpc_customer_no",
    "customer_name",
    "address",
    "last_bill_date",
    "billing_status",
    "current_balance",
    "batch_date",
)


def main() -> None:
    """Write the workbook; prints seconds, rows and the most memory as JSON."""
    _, name, rows, file = sys.argv
    begun = time.perf_counter()
    WRITERS[name](Path(file), int(rows))
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "rows": int(rows), "bytes": memory}))


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    today = dt.date(2026, 11, 29)
    for n in range(1, count + 1):
        yield (
            f"CRP{1 + n % 25000:06}",
            f"CPC{n:08}",
            f"Rahman, Anika {n}",
            f"House {n % 180}, Road {n % 60}, Dhanmondi 1209",
            (today - dt.timedelta(days=n % 8 * 10)).isoformat(),
            "Bill Stop Issue" if n % 8 > 3 else "Active Billing",
            n * 37 % 90000 / 100,
            "2026-11-29",
        )


def _rustpy(file: Path, count: int) -> None:
    records = (dict(zip(_HEADERS, row, strict=True)) for row in _rows(count))
    FastExcel(str(file), autofit=False).sheet("Details", records).save()


def _xlsxwriter(file: Path, count: int) -> None:
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Details")
        sheet.write_row(0, 0, _HEADERS)
        for number, row in enumerate(_rows(count), start=1):
            sheet.write_row(number, 0, row)


WRITERS = {"rustpy-xlsxwriter": _rustpy, "xlsxwriter": _xlsxwriter}

if __name__ == "__main__":
    main()
