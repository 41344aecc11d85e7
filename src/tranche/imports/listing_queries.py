"""The list of what is wrong with the rows of an import."""

from typing import Final

from tranche.kernel.db.listing import Column, Key, Kind, Listing

ERRORS: Final = Listing(
    name="import_errors",
    select="e.row_number, e.column_name, e.severity, e.code, e.message",
    source="import_errors e",
    counted="import_errors e",
    where="e.organization_id = current_organization()",
    filters={
        "import_id": "e.import_id = %(import_id)s",
        "severity": "e.severity = %(severity)s",
        "code": "e.code = %(code)s",
    },
    sorts={"row": (Key("e.row_number"), Key("e.id"))},
    default_sort="row",
    export=(
        Column("row", "e.row_number", Kind.NUMBER),
        Column("column", "e.column_name"),
        Column("severity", "e.severity"),
        Column("code", "e.code"),
        Column("message", "e.message"),
    ),
)
