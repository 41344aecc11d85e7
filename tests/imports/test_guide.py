"""The guide for uploads tells every sentence that refuses a file or a cell, and only sentences that there are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_GUIDE: Final = _ROOT / "docs" / "uploads.md"
_SOURCES: Final = (_ROOT / "src/tranche/imports", _ROOT / "src/tranche/orders/queries")
_REFUSALS: Final = frozenset(
    {"UnreadableFile", "UnsupportedFile", "FileTooLarge", "InvalidMapping", "Verdict", "Fatal"}
)
_GAP: Final = "…"
_TELLING: Final = 8
_INSIDE: Final = frozenset(
    {"The import that this operation worked on is gone.", "This release does not know the field ….", "… holds …."}
)


def _told() -> list[str]:
    """The first column of the guide's tables of messages."""
    rows = re.findall(r"^\| (.+?) \| .* \|$", _GUIDE.read_text(), re.MULTILINE)
    return [row.replace(" (#DIV/0!, #N/A and the like)", "") for row in rows if row[0].isupper() or row[0] in "…“"]


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(".+?".join(re.escape(part) for part in sentence.split(_GAP)))


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}", _GAP, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else _GAP for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return _GAP


def _trees() -> Iterator[ast.AST]:
    for folder in _SOURCES:
        for path in folder.rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text()))


def _written() -> set[str]:
    """Every text in the code, whatever it is for; SQL's placeholders are gaps."""
    texts = {_text(node) for node in _trees() if isinstance(node, ast.Constant | ast.JoinedStr)}
    return {re.sub(r"%%[a-zA-Z]", _GAP, text) for text in texts if len(text) > 1}


def _refused() -> Iterator[str]:
    """The sentence of every refusal that is raised, and of every verdict on a cell."""
    for node in _trees():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFUSALS:
            arguments = [_text(argument) for argument in node.args]
            sentence = next((text for text in arguments if len(text) > 12 and " " in text), None)
            if sentence:
                yield sentence


def test_every_sentence_of_the_guide_is_one_that_the_code_says() -> None:
    written = _written()
    told = [sentence for sentence in _told() if " " in sentence]
    assert [sentence for sentence in told if not any(_pattern(sentence).search(text) for text in written)] == []
    assert len(told) > 50


def test_every_refusal_of_the_code_is_in_the_guide() -> None:
    patterns = [_pattern(sentence) for sentence in _told() if len(sentence.replace(_GAP, "")) > _TELLING]
    refused = set(_refused()) - _INSIDE
    assert [text for text in sorted(refused) if not any(pattern.match(text) for pattern in patterns)] == []
    assert len(refused) > 30
