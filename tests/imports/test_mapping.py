"""Columns find their fields by what a person said, by name, by synonym, by likeness, and never by luck."""

import pytest

from tests.imports.factories import FIELDS
from tranche.imports.domain import InvalidMapping, Mapping, Matching, MatchKind
from tranche.imports.mapping import fingerprint, match, missing_message, name_columns
from tranche.orders.fields import ORDER_FIELDS

_UCI = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def _fields(matching: Matching) -> dict[str, str | None]:
    return {column.header: column.field for column in matching.columns}


def test_the_retail_headers_map_by_themselves() -> None:
    assert _fields(match(_UCI, fields=ORDER_FIELDS, mapping=Mapping())) == {
        "InvoiceNo": "orderId",
        "StockCode": "itemSku",
        "Description": "itemDescription",
        "Quantity": "quantity",
        "InvoiceDate": "orderDate",
        "UnitPrice": "unitPrice",
        "CustomerID": "customerCode",
        "Country": None,
    }


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (("Bestell-Nr.", "Kunde", "Menge", "Einzelpreis (EUR)"), ("orderId", "customerName", "quantity", "unitPrice")),
        (("N° de commande", "Client", "Qté", "Prix unitaire HT"), ("orderId", "customerName", "quantity", "unitPrice")),
        (("Nº pedido", "Cliente", "Cantidad", "Precio unitario"), ("orderId", "customerName", "quantity", "unitPrice")),
        (("ORDER #", "E-Mail Address", "qty.", "unit_price"), ("orderId", "customerEmail", "quantity", "unitPrice")),
        (("Item", "SKU", "VAT %", "Currency code"), ("itemDescription", "itemSku", "taxRate", "currency")),
        (("Item", "Description", "Product", "Tel."), ("itemSku", "itemDescription", None, "customerPhone")),
    ],
)
def test_headers_of_several_languages_map(headers: tuple[str, ...], fields: tuple[str | None, ...]) -> None:
    matching = match(headers, fields=ORDER_FIELDS, mapping=Mapping())
    assert tuple(column.field for column in matching.columns) == fields


def test_a_slip_of_the_pen_is_forgiven_and_named_so() -> None:
    matching = match(["Order Numbr", "Quanity", "Unit Pirce"], fields=ORDER_FIELDS, mapping=Mapping())
    assert [column.field for column in matching.columns] == ["orderId", "quantity", "unitPrice"]
    assert {column.match for column in matching.columns} == {MatchKind.FUZZY}


@pytest.mark.parametrize("header", ["Total", "Amount", "Country", "Status", "City", "Line total", "Cost", "Rate"])
def test_a_header_that_means_something_else_stays_extra(header: str) -> None:
    matching = match([header], fields=ORDER_FIELDS, mapping=Mapping())
    assert matching.columns[0].field is None


def test_of_two_columns_for_one_field_the_plainer_word_wins() -> None:
    matching = match(["Invoice Date", "Order Date"], fields=ORDER_FIELDS, mapping=Mapping())
    assert [column.field for column in matching.columns] == [None, "orderDate"]


def test_a_name_wins_over_likeness_whatever_the_order() -> None:
    matching = match(["Quanttity", "Quantity"], fields=ORDER_FIELDS, mapping=Mapping())
    assert [column.field for column in matching.columns] == [None, "quantity"]


def test_what_a_person_said_wins_over_names() -> None:
    mapping = Mapping(columns={"orderId": "Reference", "notes": "orderId"})
    matching = match(["Reference", "orderId", "Qty"], fields=FIELDS, mapping=mapping)
    assert [column.field for column in matching.columns] == ["orderId", "notes", "quantity"]
    assert matching.columns[0].match is MatchKind.EXPLICIT


@pytest.mark.parametrize("said", ["order  number", "ORDER-NUMBER", "B", "Column B"])
def test_a_column_may_be_named_loosely_or_by_its_letter(said: str) -> None:
    matching = match(
        ["Ref", "Order number" if "rder" in said.lower() else ""],
        fields=FIELDS,
        mapping=Mapping(columns={"orderId": said}),
    )
    assert matching.columns[1].field == "orderId"


@pytest.mark.parametrize(
    ("columns", "pointer", "code", "words"),
    [
        ({"orderId": "Nowhere"}, "orderId", "unknown_header", "no column “Nowhere”. It has: "),
        ({"colour": "A"}, "colour", "unknown_field", "no field colour"),
        ({"orderId": "A", "notes": "A"}, "notes", "column_twice", "for orderId and for notes"),
        ({"orderId": "Twin"}, "orderId", "unknown_header", "stands in columns B and C"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_by_name(
    columns: dict[str, str], pointer: str, code: str, words: str
) -> None:
    with pytest.raises(InvalidMapping, match=words) as refused:
        match(["Anything", "Twin", "Twin"], fields=FIELDS, mapping=Mapping(columns=columns))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]


def test_blank_and_doubled_headers_get_names_of_their_own() -> None:
    assert name_columns(["a", None, " a ", "Column B", "a (2)"]) == [
        "a",
        "Column B",
        "a (2)",
        "Column B (2)",
        "a (2) (2)",
    ]
    assert name_columns([None], first=2) == ["Column C"]


def test_missing_columns_are_told_with_what_was_found_and_what_to_do() -> None:
    matching = match(["Ref", "Qty"], fields=FIELDS, mapping=Mapping())
    assert matching.missing == ("orderId", "unitPrice")
    assert missing_message(matching) == (
        "No column for orderId and unitPrice. Columns found: Ref, Qty; "
        'name it with mapping={"orderId": "<column>", "unitPrice": "<column>"}.'
    )


def test_the_list_of_found_columns_has_an_end() -> None:
    message = missing_message(match([f"c{i}" for i in range(500)], fields=FIELDS, mapping=Mapping()))
    assert "and 470 more" in message
    assert len(message) < 500


def test_the_fingerprint_sees_words_and_not_their_spelling() -> None:
    assert fingerprint(["Order No.", "Größe"]) == fingerprint([" ORDER-NO", "grosse"])
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint(["ab"]) != fingerprint(["a", "b"])
    assert len(fingerprint([])) == 32


def test_a_column_that_is_left_out_is_taken_for_no_field_and_another_may_take_its_place() -> None:
    headers = ("Invoice Date", "Order Date", "Notes")
    plain = _fields(match(headers, fields=ORDER_FIELDS, mapping=Mapping()))
    assert plain == {"Invoice Date": None, "Order Date": "orderDate", "Notes": "notes"}
    told = _fields(match(headers, fields=ORDER_FIELDS, mapping=Mapping(left_out=("order date", "C", "Gone"))))
    assert told == {"Invoice Date": "orderDate", "Order Date": None, "Notes": None}


def test_what_a_person_names_goes_before_what_is_left_out() -> None:
    mapping = Mapping(columns={"notes": "Notes"}, left_out=("Notes",))
    assert _fields(match(["Notes"], fields=ORDER_FIELDS, mapping=mapping)) == {"Notes": "notes"}


def test_ten_thousand_columns_of_one_name_are_numbered() -> None:
    names = name_columns(["x"] * 10_000 + ["x (3)", None, ""])
    assert names[:3] == ["x", "x (2)", "x (3)"]
    assert names[9_999:] == ["x (10000)", "x (3) (2)", "Column NTR", "Column NTS"]
    assert len(set(names)) == len(names)
