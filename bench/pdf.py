"""How fast invoices become PDFs: our children beside bare Typst, WeasyPrint and ReportLab; and how many are joined.

    python bench/pdf.py                      600 files, 10,000 joined
    python bench/pdf.py --files 200 --joined 2000

Bare Typst compiles the very same template and data, PDF/A-3a, in as many processes as we have children. WeasyPrint and
ReportLab are measured where they are installed; they set a page of the same words, plain. Compare ratios of one run.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdf
import typst

from tranche.invoicing.domain import (
    BankAccount,
    InvoiceDocument,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Party,
    sum_taxes,
)
from tranche.invoicing.printing.archive import join_pdfs
from tranche.invoicing.printing.concatenation import concatenate
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.press import prepare
from tranche.invoicing.printing.printer import Job, Printer
from tranche.invoicing.printing.typesetter import font_folders

_PROCESSES = 2


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--joined", type=int, default=10_000)
    options = parser.parse_args()
    jobs = [_job(number) for number in range(options.files)]
    plain = [Job(page={**job.page, "xml": None}) for job in jobs]
    bare = _rate(len(plain), partial(_bare, [job.page for job in plain]))
    _say("bare Typst, 2 processes", bare, bare)
    _say("Tranche, plain", _rate(len(plain), partial(_ours, plain)), bare)
    _say("Tranche, with Factur-X", _rate(len(jobs), partial(_ours, jobs)), bare)
    for name, one in (("weasyprint", _weasyprint), ("reportlab", _reportlab)):
        if find_spec(name):
            few = jobs[: max(5, options.files // 20)]
            _say(f"{name}, 1 process", _rate(len(few), lambda one=one, few=few: [one(job) for job in few]), bare)
    _join(jobs[0], options.joined)


def _rate(count: int, act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return count / (time.monotonic() - began)


def _say(name: str, rate: float, bare: float) -> None:
    print(f"{name:28} {rate:8.1f} files/s   {rate / bare:5.2f} of bare Typst", flush=True)


def _ours(jobs: list[Job]) -> None:
    printer = Printer(size=_PROCESSES)
    try:
        with ThreadPoolExecutor(_PROCESSES) as pool:
            list(pool.map(printer.print, jobs))
    finally:
        printer.close()


def _bare(pages: list[dict[str, object]]) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(_PROCESSES) as pool:
        pool.map(_compile_all, [pages[start::_PROCESSES] for start in range(_PROCESSES)])


def _compile_all(pages: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        template = Path(name) / "invoice.typ"
        template.write_bytes(files("tranche.invoicing.printing").joinpath("invoice.typ").read_bytes())
        fonts = typst.Fonts(include_system_fonts=False, font_paths=list(font_folders()))
        compiler = typst.Compiler(root=name, font_paths=fonts)
        for page in pages:
            compiler.compile(
                template,
                format="pdf",
                pdf_standards="a-3a",
                sys_inputs={"data": json.dumps(page)},
                timestamp=datetime(2026, 11, 28, tzinfo=UTC),
            )


def _weasyprint(job: Job) -> None:
    from weasyprint import HTML  # noqa: PLC0415  # a peer, not always there

    rows = "".join(f"<tr><td>{line['description']}<td>{line['amount']}" for line in job.page["lines"])
    HTML(string=f"<h1>{job.page['title']}</h1><p>{job.page['number']}<table>{rows}</table>").write_pdf()


def _reportlab(job: Job) -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415  # as above

    canvas = Canvas(BytesIO())
    canvas.drawString(50, 800, job.page["title"])
    for number, line in enumerate(job.page["lines"]):
        canvas.drawString(50, 780 - 14 * number, f"{line['description']} {line['amount']}")
    canvas.showPage()
    canvas.save()


def _join(job: Job, count: int) -> None:
    """Parts of 500 and then the whole, as a run does it, beside the library alone over all files at once."""
    printer = Printer(size=1)
    pdf = printer.print(job)
    printer.close()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{number}.pdf" for number in range(count)]
        for path in paths:
            path.write_bytes(pdf)
        for label, act in (
            ("joined by Tranche, in parts", partial(_in_parts, paths, folder)),
            ("joined by pikepdf alone", partial(_alone, paths, folder)),
            ("joined by pypdf alone", partial(_pypdf, paths[: count // 20], folder)),
        ):
            began = time.monotonic()
            pages, peak = _in_child(act)
            rate = pages / (time.monotonic() - began)
            print(f"{label:28} {rate:8.0f} pages/s   {peak / 1000:6.0f} MB at most", flush=True)


def _in_parts(paths: list[Path], folder: Path) -> int:
    parts = []
    for start in range(0, len(paths), 500):
        parts.append(folder / f"part-{start}.pdf")
        join_pdfs(paths[start : start + 500], parts[-1])
    return sum(concatenate(parts, folder / "ours.pdf"))


def _alone(paths: list[Path], folder: Path) -> int:
    with pikepdf.new() as joined:
        for path in paths:
            with pikepdf.open(path) as part:
                joined.pages.extend(part.pages)
        joined.save(folder / "alone.pdf")
        return len(joined.pages)


def _pypdf(paths: list[Path], folder: Path) -> int:
    writer = pypdf.PdfWriter()
    for path in paths:
        writer.append(path)
    writer.write(folder / "pypdf.pdf")
    return len(writer.pages)


def _in_child(act: Callable[[], int]) -> tuple[int, int]:
    """The answer of `act` and the peak of its memory in kB, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[tuple[int, int]] = context.Queue()
    process = context.Process(target=_report, args=(act, answers))
    process.start()
    found = answers.get()
    process.join()
    return found


def _report(act: Callable[[], int], answers: "multiprocessing.Queue[tuple[int, int]]") -> None:
    pages = act()
    answers.put((pages, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def _job(number: int) -> Job:
    lines = tuple(
        InvoiceLine(
            line_number=n,
            item_id=n,
            item_code=f"SKU-{n}",
            description="Gold ring, 18 carat",
            quantity=Decimal(2),
            unit_price=Decimal("12.50"),
            tax_rate=Decimal(19),
            net=Decimal("25.00"),
            tax=Decimal("4.75"),
        )
        for n in range(1, 6)
    )
    document = InvoiceDocument(
        organization_id=1,
        id=number,
        kind=InvoiceKind.INVOICE,
        status=InvoiceStatus.ISSUED,
        number=f"INV-2026-{number:06}",
        language="en",
        currency="EUR",
        digits=2,
        invoice_date=date(2026, 11, 28),
        due_date=date(2026, 12, 28),
        payment_terms="30 days",
        seller=Party(name="Acme GmbH", address="Lindenallee 14\n50968 Köln", tax_id="DE136695976"),
        buyer=Party(name=f"Customer {number}", address="12 rue de Seine\n75006 Paris"),
        bank=BankAccount(iban="DE89370400440532013000"),
        lines=lines,
        taxes=sum_taxes(lines),
        net=Decimal(125),
        tax=Decimal("23.75"),
        total=Decimal("148.75"),
        order_number=f"ORD-{number}",
        credited_number=None,
        credited_by=None,
        notes="",
        issued_at=datetime(2026, 11, 28, tzinfo=UTC),
        voided_at=None,
        void_reason=None,
    )
    return prepare(document, Design(country="DE")).job


if __name__ == "__main__":
    main()
