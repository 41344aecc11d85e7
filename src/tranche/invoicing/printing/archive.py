"""What a PDF must say of itself to be a Factur-X file, and many files joined into one."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

import pikepdf

from tranche.invoicing.printing.electronic import FILE_NAME

_FX: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = (
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "The actual version of the Factur-X XML schema"),
    ("ConformanceLevel", "The conformance level of the embedded Factur-X data"),
)
_BAG_END: Final = "</rdf:Bag></pdfaExtension:schemas>"
_RDF_END: Final = "</rdf:RDF>"
# Hundreds of small objects, the tags above all, compressed together: a third of the file, and sooner written.
_PACKED: Final = pikepdf.ObjectStreamMode.generate


class UnexpectedPdf(Exception):
    """The typesetter's file does not look as the version that we know makes it."""


def finish_pdf(pdf: bytes, *, is_e_invoice: bool) -> bytes:
    """The file, packed, with the words about its electronic invoice that Factur-X 1.0 asks for in the metadata."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        if is_e_invoice:
            _describe(opened.Root.Metadata)
        out = BytesIO()
        opened.save(out, deterministic_id=True, fix_metadata_version=False, object_stream_mode=_PACKED)
    return out.getvalue()


def join_pdfs(paths: Sequence[Path], target: Path) -> list[int]:
    """Write the files, one behind the other, into `target`; returns how many pages each has.

    One file is open at a time; the tags and attachments of the single files stay with the single files.
    """
    pages: list[int] = []
    with pikepdf.new() as joined:
        for path in paths:
            with pikepdf.open(path) as part:
                pages.append(len(part.pages))
                joined.pages.extend(part.pages)
        joined.save(target, deterministic_id=True, object_stream_mode=_PACKED)
    return pages


def count_pages(file: Path | BytesIO) -> int:
    """How many pages a file has."""
    with pikepdf.open(file) as opened:
        return len(opened.pages)


def _describe(metadata: pikepdf.Object) -> None:
    words = metadata.read_bytes().decode()
    if words.count(_BAG_END) != 1 or words.count(_RDF_END) != 1:
        raise UnexpectedPdf("the metadata have no place for the schema of Factur-X")
    words = words.replace(_BAG_END, _schema() + _BAG_END).replace(_RDF_END, _facts() + _RDF_END)
    metadata.write(words.encode())


def _schema() -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description>"
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "</rdf:li>"
        for name, description in _PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{_FX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


def _facts() -> str:
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_FX}"><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>'
        f"<fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName><fx:DocumentType>INVOICE</fx:DocumentType>"
        "<fx:Version>1.0</fx:Version></rdf:Description>"
    )
