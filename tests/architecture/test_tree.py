"""House rules that the files themselves must keep."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SQL_HOMES = ("queries", "kernel/db/", "queries.py")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _read(path: Path) -> str:
    return path.read_text()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_read(path))


def test_a_source_file_has_at_most_300_lines() -> None:
    assert [_name(path) for path in SOURCES if len(_read(path).splitlines()) > 300] == []


def test_a_source_file_opens_with_a_sentence_that_says_what_lives_in_it() -> None:
    assert [_name(path) for path in SOURCES if _read(path).strip() and not _opens_with_sentence(_tree(path))] == []


def _opens_with_sentence(tree: ast.Module) -> bool:
    opening = ast.get_docstring(tree) or " "
    return opening.splitlines()[0].endswith((".", "?", ":"))


def test_nothing_was_left_behind() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))
    left = re.compile(
        rf"\b({words})\b"
        r"|except[^\n]*:\s*\n\s*(pass|\.\.\.)\s*$"
        r"|# (noqa|type: ignore)\s*$",  # without a code and a reason
        re.MULTILINE,
    )
    assert [(_name(path), found[0]) for path in (*SOURCES, *TESTS) if (found := left.search(_read(path)))] == []


def test_the_driver_is_imported_only_where_sql_lives() -> None:
    others = [path for path in SOURCES if not any(home in _name(path) for home in SQL_HOMES)]
    assert [_name(path) for path in others if {"psycopg", "psycopg_pool"} & set(_imported(_tree(path)))] == []


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.split(".")[0] for name in names)


def test_imports_stand_at_the_top() -> None:
    functions = [
        (path, node)
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [f"{_name(path)}: {function.name}" for path, function in functions if list(_imported(function))] == []


def test_settings_are_read_only_by_composition_roots() -> None:
    readers = {
        _name(path)
        for path in SOURCES
        if re.search(r"os\.environ\b|os\.getenv\b", path.read_text()) and "kernel/" in _name(path)
    }
    assert readers <= {"src/tranche/kernel/client/options.py"}


def test_pins_hold_no_address_and_agree() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    constraints = (ROOT / "constraints.txt").read_text()
    assert "://" not in lock
    assert "://" not in constraints
    pins = re.findall(r"^([A-Za-z0-9_.-]+==[^ \\\n]+)", lock, re.MULTILINE)
    assert pins
    assert pins == re.findall(r"^([A-Za-z0-9_.-]+==[^ \\\n]+)", constraints, re.MULTILINE)


def test_every_migration_sets_its_lock_timeout_first() -> None:
    for path in sorted((ROOT / "src/tranche/migrations").glob("*.sql")):
        statements = [line for line in path.read_text().splitlines() if line and not line.startswith("--")]
        assert statements[0].startswith("SET lock_timeout"), path.name


def test_leases_and_signs_of_life_are_reckoned_by_the_clock_of_the_database() -> None:
    asked = re.compile(r"\b(?:lease_until|beat_at)\s*(?:=|<=?|>=?)\s*(\S+?)(?=[,\s;]|$)")
    found = {
        (_name(path), against)
        for path in [*SOURCES, *(ROOT / "src/tranche/migrations").glob("*.sql")]
        for against in asked.findall(path.read_text())
    }
    assert len(found) >= 10
    assert {against.rstrip(")\"'") for _, against in found} == {"now(", "clock_timestamp(", "NULL"}


def test_documents_name_only_paths_that_exist() -> None:
    known = r"`((?:src|tests|docs|bench|web)/[\w./-]+)`"
    missing = {
        f"{_name(page)}: {named}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for named in re.findall(known, page.read_text())
        if not (ROOT / named).exists()
    }
    assert not missing


def test_contract_tables_name_only_tests_that_exist() -> None:
    defined = {
        node.name
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    named = {
        test
        for page in (ROOT / "docs/contracts").glob("*.md")
        for test in re.findall(r"`(test_\w+)`", page.read_text())
    }
    assert named, "docs/contracts names the tests"
    assert named <= defined


def test_the_table_of_hazards_names_a_test_for_every_line_and_only_tests_that_exist() -> None:
    page = (ROOT / "docs/hazards.md").read_text()
    lines = re.findall(r"^\| ([^|]+) \| [^|]+ \| (`.+`) \|$", page, re.MULTILINE)
    numbers = [line for line, _ in lines if line.isdigit()]
    assert numbers == [str(number) for number in (*range(1, 21), *range(1, 13))], "20 faults, 12 matters of security"
    for line, tests in lines:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)
        assert len(named) == tests.count("`") // 2, line
        for file, test in named:
            assert f"def {test}(" in (ROOT / "tests" / file).read_text(), f"{line}: {file}::{test}"
