"""A mapping as JSON is checked word by word and goes out as it came in."""

import pytest

from tests.imports.factories import FIELDS
from tranche.imports.choices import read_mapping, write_mapping
from tranche.imports.domain import InvalidMapping, Mapping


def test_fields_and_options_stand_side_by_side() -> None:
    data = {"orderId": "No", "dayFirst": False, "acceptReturns": True, "defaultCustomer": "Counter", "sheet": "May"}
    mapping = read_mapping(data, fields=FIELDS)
    assert mapping == Mapping(
        columns={"orderId": "No"}, day_first=False, accept_returns=True, default_customer="Counter", sheet="May"
    )
    assert write_mapping(mapping) == data


def test_a_field_may_have_several_columns_and_all_sheets_may_be_read() -> None:
    data = {"orderDate": ["Year", "Month", "Day"], "orderId": "No", "sheets": "all"}
    mapping = read_mapping(data, fields=FIELDS)
    assert mapping == Mapping(columns={"orderDate": ("Year", "Month", "Day"), "orderId": "No"}, all_sheets=True)
    assert write_mapping(mapping) == data


def test_columns_may_be_left_out_in_so_many_words() -> None:
    data = {"orderId": "No", "leaveOut": ["Remark", "Column C"]}
    mapping = read_mapping(data, fields=FIELDS)
    assert mapping == Mapping(columns={"orderId": "No"}, left_out=("Remark", "Column C"))
    assert write_mapping(mapping) == data


def test_the_row_of_the_headers_may_be_said() -> None:
    data = {"headerRow": 4, "sheet": "May"}
    assert read_mapping(data, fields=FIELDS) == Mapping(header_row=4, sheet="May")
    assert write_mapping(Mapping(header_row=4, sheet="May")) == {"sheet": "May", "headerRow": 4}


def test_null_means_not_said() -> None:
    assert read_mapping({"orderId": None, "dayFirst": None, "sheet": None}, fields=FIELDS) == Mapping()
    assert write_mapping(Mapping()) == {}


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ([], ""),
        ("orderId", ""),
        ({"orderID": "No"}, "orderID"),
        ({"orderId": 3}, "orderId"),
        ({"leaveOut": "Remark"}, "leaveOut"),
        ({"leaveOut": ["Remark", 3]}, "leaveOut"),
        ({"leaveOut": ["x"] * 1_001}, "leaveOut"),
        ({"orderId": " "}, "orderId"),
        ({"orderId": "a\x00b"}, "orderId"),
        ({"dayFirst": "true"}, "dayFirst"),
        ({"acceptReturns": 1}, "acceptReturns"),
        ({"sheet": 0}, "sheet"),
        ({"headerRow": 0}, "headerRow"),
        ({"headerRow": "4"}, "headerRow"),
        ({"headerRow": True}, "headerRow"),
        ({"defaultCustomer": ["x"]}, "defaultCustomer"),
        ({"orderDate": []}, "orderDate"),
        ({"orderDate": ["Year", 3]}, "orderDate"),
        ({"orderDate": ["Year", " "]}, "orderDate"),
        ({"orderDate": ["x"] * 11}, "orderDate"),
        ({"sheets": "some"}, "sheets"),
        ({"sheets": ["May", "June"]}, "sheets"),
        ({"sheets": "all", "sheet": "May"}, "sheets"),
    ],
)
def test_what_is_no_mapping_is_refused_by_name(data: object, pointer: str) -> None:
    with pytest.raises(InvalidMapping) as refused:
        read_mapping(data, fields=FIELDS)
    assert [error.pointer for error in refused.value.errors] == [pointer]
