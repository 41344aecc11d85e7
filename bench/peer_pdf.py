"""Peers of the printing: WeasyPrint and ReportLab set the words of our pages, in as many processes as our children.

    python peer_pdf.py weasyprint|reportlab PAGES PROCESSES

PAGES is a file with the pages' data as JSON. Both set the same words in a plain table: no payment code, no electronic
invoice, no PDF/A, no tags, so that they do less than our template. WeasyPrint is given HTML and CSS; ReportLab is used
as its guide does it, by platypus. Each process has imported its library and made one file before the clock starts.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

Page = dict[str, Any]
_STYLE = """
@page { size: A4; margin: 2cm; @bottom-right { content: counter(page) " / " counter(pages) } }
body { font: 10pt sans-serif } table { width: 100%; border-collapse: collapse } td { border-bottom: 1px solid #ccc }
"""


def main() -> None:
    """Set every page; prints seconds and files as JSON."""
    name, file, processes = sys.argv[1:]
    pages = json.loads(Path(file).read_text(encoding="utf-8"))
    act = {"weasyprint": by_weasyprint, "reportlab": by_reportlab}[name]
    count = int(processes)
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        pool.map(_work, [(act, pages[:1])] * count, chunksize=1)
        began = time.monotonic()
        made = sum(pool.map(_work, [(act, pages[start::count]) for start in range(count)], chunksize=1))
        seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "files": made}))


def _work(task: tuple[Callable[[Page], bytes], list[Page]]) -> int:
    act, pages = task
    return sum(act(page).startswith(b"%PDF") for page in pages)


def by_weasyprint(page: Page) -> bytes:
    """HTML to PDF."""
    from weasyprint import HTML  # noqa: PLC0415  # whoever runs the other one need not have it

    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in table_of(page))
    words = "".join(f"<p>{escape(text)}" for text in texts_of(page))
    content = HTML(string=f"<style>{_STYLE}</style>{words}<table>{rows}</table>").write_pdf()
    return bytes(content or b"")


def by_reportlab(page: Page) -> bytes:
    """Flowables to PDF, in one of the 14 fonts that every reader has."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415  # whoever runs the other one need not have it
    from reportlab.lib.styles import getSampleStyleSheet  # noqa: PLC0415  # whoever runs the other one need not have it
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table  # noqa: PLC0415  # whoever runs the other one need not have it

    style, out = getSampleStyleSheet()["Normal"], BytesIO()
    words = [Paragraph(escape(text), style) for text in texts_of(page)]
    SimpleDocTemplate(out, pagesize=A4).build([*words, Table(table_of(page))])
    return out.getvalue()


def table_of(page: Page) -> list[list[str]]:
    """The lines of the invoice, as strings."""
    return [[str(value) for value in line.values() if isinstance(value, str)] for line in page["lines"]]


def texts_of(page: Page) -> list[str]:
    """All other words of the page."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk({key: value for key, value in page.items() if key not in {"lines", "xml"}})
    return found


if __name__ == "__main__":
    main()
