"""An organization's invoice design: looked at, and changed by an admin."""

from tranche.invoicing.bulk.queries import designs
from tranche.invoicing.printing.design import Design
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


def get_design(conn: Connection) -> Design:
    """The design, or the default one."""
    row = designs.find_design(conn)
    if row is None:
        return Design()
    return Design(**{**row, "logo": bytes(row["logo"]) if row["logo"] is not None else None})


def change_design(conn: Connection, ctx: Context, *, design: Design) -> Design:
    """Keep a design; what was printed stays as it is, what is printed from now on looks so."""
    designs.save_design(conn, design=design)
    audit.record(conn, ctx, action="invoice_design.update", subject_id=None, detail={"accent": design.accent})
    return get_design(conn)
