"""How fast invoices become PDFs: our children beside bare Typst, WeasyPrint and ReportLab; and how many are joined.

    python bench/pdf.py                      600 files, 10,000 joined
    python bench/pdf.py --files 200 --joined 2000 --markdown bench/RESULTS.md

Bare Typst compiles the very same template and data, PDF/A-3a, in as many processes as we have children. The peers are
run by the Python that has them (`--peers`); what each does stands at the head of `peer_pdf.py`. Joined are 10,000 files
of 20 contents, in parts of 500 and then the whole, as a run does it, beside the libraries alone over all files at once;
pypdf takes a twentieth of them. Compare ratios of one run.
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import pikepdf
import pypdf
import typst

from peers import default_python
from table import Line, Run, show, write
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
_ROUNDS = 3  # by turns, because a machine is not equally fast at all times
_CONTENTS = 20


def main() -> None:
    """Measure and show a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--joined", type=int, default=10_000)
    parser.add_argument("--peers", type=Path, default=default_python())
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    jobs = [_job(number) for number in range(options.files)]
    with tempfile.TemporaryDirectory() as name:
        lines = [*_print(jobs, options.peers, Path(name)), *_join(jobs[:_CONTENTS], options.joined, Path(name))]
    run = Run(command=f"python bench/pdf.py --files {options.files} --joined {options.joined}", postgres="not used")
    show(lines, run)
    if options.markdown:
        write(options.markdown, lines, run, section="PDFs")


def _print(jobs: list[Job], peers: Path, folder: Path) -> list[Line]:
    plain = [Job(page={**job.page, "xml": None}) for job in jobs]
    ours = {"Tranche, plain": (plain, 0.8), "Tranche, with Factur-X inside": (jobs, None)}
    rounds = [
        [_bare([job.page for job in plain]), *(_ours(wanted) for wanted, _ in ours.values())] for _ in range(_ROUNDS)
    ]
    bare, *taken = (min(seconds) for seconds in zip(*rounds, strict=True))
    count = len(jobs)
    lines = [Line(what=f"bare Typst, {_PROCESSES} processes, best of {_ROUNDS}", rows=count, seconds=bare, ratio=1.0)]
    for (what, (_, target)), seconds in zip(ours.items(), taken, strict=True):
        ratio = bare / seconds
        met, words = (None, "") if target is None else (ratio >= target, f"≥ {target} of bare Typst")
        lines.append(Line(what=what, rows=count, seconds=seconds, ratio=ratio, target=words, met=met))
    if peers.exists():
        lines += [_peer(name, plain, peers, folder, bare=bare / count) for name in ("weasyprint", "reportlab")]
    return lines


def _peer(name: str, jobs: list[Job], python: Path, folder: Path, *, bare: float) -> Line:
    """`bare` is the seconds that bare Typst takes for a file; of WeasyPrint a tenth of the files is enough."""
    few = jobs[: max(10, len(jobs) // 10)] if name == "weasyprint" else jobs
    pages = folder / "pages.json"
    pages.write_text(json.dumps([job.page for job in few]), encoding="utf-8")
    command = [str(python), str(Path(__file__).with_name("peer_pdf.py")), name, str(pages), str(_PROCESSES)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode:
        sys.exit(f"{name} failed: {done.stderr}")
    told = json.loads(done.stdout)
    if told["files"] != len(few):
        sys.exit(f"{name} made {told['files']} of {len(few)} files.")
    ratio = bare * len(few) / told["seconds"]
    return Line(
        what=f"{name}, {_PROCESSES} processes, plain words", rows=len(few), seconds=told["seconds"], ratio=ratio
    )


def _ours(jobs: list[Job]) -> float:
    """How many seconds it took, the children being at work already."""
    printer = Printer(size=_PROCESSES)
    try:
        with ThreadPoolExecutor(_PROCESSES) as pool:
            list(pool.map(printer.print, jobs[: 2 * _PROCESSES]))
            began = time.monotonic()
            list(pool.map(printer.print, jobs))
            return time.monotonic() - began
    finally:
        printer.close()


def _bare(pages: list[dict[str, object]]) -> float:
    """As above."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(_PROCESSES) as pool:
        pool.map(_compile_all, [pages[:1]] * _PROCESSES, chunksize=1)
        began = time.monotonic()
        pool.map(_compile_all, [pages[start::_PROCESSES] for start in range(_PROCESSES)], chunksize=1)
        return time.monotonic() - began


@cache
def _compiler() -> tuple[typst.Compiler, Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    template = folder / "invoice.typ"
    template.write_bytes(files("tranche.invoicing.printing").joinpath("invoice.typ").read_bytes())
    fonts = typst.Fonts(include_system_fonts=False, font_paths=list(font_folders()))
    return typst.Compiler(root=folder, font_paths=fonts), template


def _compile_all(pages: list[dict[str, object]]) -> None:
    compiler, template = _compiler()
    for page in pages:
        compiler.compile(
            template,
            format="pdf",
            pdf_standards="a-3a",
            sys_inputs={"data": json.dumps(page)},
            timestamp=datetime(2026, 11, 28, tzinfo=UTC),
        )


def _join(jobs: list[Job], count: int, folder: Path) -> list[Line]:
    printer = Printer(size=1)
    contents = [printer.print(job) for job in jobs]
    printer.close()
    paths = [folder / f"{number}.pdf" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(contents[number % len(contents)])
    found = {
        "joined by pikepdf alone": _in_child(partial(_alone, paths, folder)),
        "joined by pypdf alone, a twentieth": _in_child(partial(_pypdf, paths[: count // 20], folder)),
        "joined by Tranche, in parts": _in_child(partial(_in_parts, paths, folder)),
        "zipped by Tranche": _in_child(partial(_zip, paths, folder)),
    }
    alone = found["joined by pikepdf alone"]
    return [
        Line(what=f"**{count:,} files of one page** (rows are pages)"),
        *(
            Line(
                what=what,
                rows=one.pages,
                seconds=one.seconds,
                ratio=alone.seconds / alone.pages * one.pages / one.seconds,
                megabytes=f"{one.peak / 1000:.0f}",
            )
            for what, one in found.items()
        ),
    ]


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


def _zip(paths: list[Path], folder: Path) -> int:
    with zipfile.ZipFile(folder / "ours.zip", "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            archive.write(path, path.name)
    return len(paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joined:
    """So many pages in so many seconds, with that much memory at most, in kB."""

    pages: int
    seconds: float
    peak: int


def _in_child(act: Callable[[], int]) -> _Joined:
    """What `act` took in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[_Joined] = context.Queue()
    process = context.Process(target=_report, args=(act, answers))
    process.start()
    found = answers.get()
    process.join()
    return found


def _report(act: Callable[[], int], answers: "multiprocessing.Queue[_Joined]") -> None:
    began = time.monotonic()
    pages = act()
    seconds = time.monotonic() - began
    answers.put(_Joined(pages=pages, seconds=seconds, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


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
