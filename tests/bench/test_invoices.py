"""The bench of invoices is not run by the gate, but it must not rot: all its own parts with few orders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)  # about ten seconds, but it starts processes, and a machine may be busy
def test_a_small_run_of_the_invoice_bench_fills_its_table(session_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench/invoices.py"), "--orders", "120", "--workers", "1", "--one-by-one", "3"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(session_home)},
    )
    assert done.returncode == 0, done.stderr
    for said in (
        "120 orders of 3 lines, untracked",
        "120 orders of 3 lines, with lots",
        "raw chunked SQL, one connection",
        "Tranche, 1 workers, request to completed",
        "while 120 orders of another organization are being invoiced",
        "a transaction per invoice",
    ):
        assert said in done.stdout
