"""An organization's invoice design: looked at, and changed by an admin."""

from typing import Final

from babel import Locale

from tranche.invoicing.bulk.queries import designs
from tranche.invoicing.bulk.sample import sample_document
from tranche.invoicing.domain import invalid_field
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.logos import check_logo
from tranche.invoicing.printing.press import preview
from tranche.invoicing.printing.printer import BAD_LOGO, CannotPrint, Printer
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

_COARSE: Final = 24.0
_TERRITORIES: Final = frozenset(Locale.parse("en").territories)
# Codes that CLDR knows beside those of ISO 3166: unions, unknown and pretended regions, islands of a country.
_NO_COUNTRIES: Final = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})


def get_design(conn: Connection) -> Design:
    """The design, or the default one."""
    row = designs.find_design(conn)
    if row is None:
        return Design()
    return Design(**{**row, "logo": bytes(row["logo"]) if row["logo"] is not None else None})


def change_logo(conn: Connection, ctx: Context, printer: Printer, *, design: Design) -> Design:
    """Keep a design with a new logo, after a try at printing it.

    Raises:
        Invalid: the logo cannot be printed.
    """
    if design.logo is not None:
        check_logo(design.logo)
        try:
            preview(printer, sample_document(conn, language=None), design, ppi=_COARSE)
        except CannotPrint as error:
            if error.error_code == BAD_LOGO:
                raise invalid_field("/logo", "is damaged: it cannot be read as a picture") from error
    return change_design(conn, ctx, design=design)


def change_design(conn: Connection, ctx: Context, *, design: Design) -> Design:
    """Keep a design; what was printed stays as it is, what is printed from now on looks so.

    Raises:
        Invalid: the country is none, so that no electronic invoice with it would be valid.
    """
    if design.country and design.country not in _TERRITORIES - _NO_COUNTRIES:
        raise invalid_field("/country", "must be a country's two letters by ISO 3166, such as DE or GB")
    designs.save_design(conn, design=design)
    audit.record(conn, ctx, action="invoice_design.update", subject_id=None, detail={"accent": design.accent})
    return get_design(conn)
