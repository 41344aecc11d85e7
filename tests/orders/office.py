"""Exports as LibreOffice opens them: `make office`, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import Live
from tests.orders.test_exports import NASTY, nasty

__all__ = ["nasty"]

OFFICE = shutil.which("soffice")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_libreoffice_finds_no_formula(nasty: Live, tmp_path: Path, kind: str) -> None:
    assert OFFICE is not None, "LibreOffice is not installed"
    answer = nasty.client.get("/api/orders/export", params={"format": kind})
    book = tmp_path / f"orders.{kind}"
    book.write_bytes(answer.content)
    command = [OFFICE, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "fods"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(book)], check=True, capture_output=True, timeout=110)
    sheet = book.with_suffix(".fods").read_text()
    assert all(f"N{number:06}" in sheet for number in range(1, len(NASTY) + 1)), "it read another table"
    assert "1+1" in sheet
    assert "table:formula" not in sheet
    assert "table:content-validation" not in sheet
