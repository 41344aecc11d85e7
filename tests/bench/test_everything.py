"""The table of all targets, gathered from the tables of the benches."""

import subprocess
import sys
from pathlib import Path

_BENCH = Path(__file__).parents[2] / "bench"
_RESULTS = """# Measured

<!-- all targets begin -->
| old |
<!-- all targets end -->

<!-- the table begins -->
Today: `python bench/orders_import.py`

|  | seconds | rows/s | ratio | peak MB | target | met |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| **300 lines** |  |  |  |  |  |  |
| raw | 1.00 | 300 | 1.00 |  |  |  |
| ours | 1.50 | 200 | 1.50 |  | ratio ≤ 1.6 | yes |
<!-- the table ends -->

<!-- the table of lots begins -->
|  | seconds | rows/s | ratio | peak MB | target | met |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| transfers | 16.00 | 350 | 0.32 |  | ≥ 0.5 | NO |
<!-- the table of lots ends -->
"""


def test_what_has_a_target_is_gathered_whether_met_or_not(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text(_RESULTS)
    code = "import sys; from pathlib import Path; from everything import gather; gather(Path(sys.argv[1]))"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(page)], cwd=_BENCH, check=True)
        text = page.read_text()
        gathered, _, rest = text.partition("<!-- all targets end -->")
        assert "| old |" not in text
        assert "| imports | 300 lines: ours | 1.50 | 200 | 1.50 | ratio ≤ 1.6 | yes |" in gathered
        assert "| lots | transfers | 16.00 | 350 | 0.32 | ≥ 0.5 | NO |" in gathered
        assert "raw" not in gathered
        assert rest == _RESULTS.partition("<!-- all targets end -->")[2]


def test_an_unknown_bench_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "everything.py", "lots", "nothing"], cwd=_BENCH, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "there is no bench nothing; there are imports, pages" in done.stderr
