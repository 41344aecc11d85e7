"""A prepared sheet to slices of COPY text with their faults."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from tranche.imports.domain import OUR_HEADERS, Fault, Field, Limits, Slice
from tranche.imports.reading.plain import doubtful
from tranche.imports.reading.sheet import Sheet
from tranche.imports.reading.table import Table

_ESCAPED: Final = r'[\x00-\x1f"\\]'
_OPTIONS: Final = pv.WriteOptions(include_header=False, quoting_style="needed")


def cut(sheet: Sheet, *, fields: Sequence[Field], limits: Limits) -> Iterator[Slice]:
    """The rows of data in order, at most `slice_rows` and about `slice_bytes` at a time; blank ones are left out."""
    begin = sheet.begin
    while begin < sheet.table.height:
        end = min(begin + limits.slice_rows, sheet.table.height)
        while end - begin > 1 and _weight(sheet.table, begin, end) > limits.slice_bytes:
            end = begin + (end - begin) // 2
        part = _slice(sheet, begin, end, fields=fields)
        if part.rows:
            yield part
        begin = end


def _weight(table: Table, begin: int, end: int) -> int:
    return sum(column[begin:end].nbytes for column in table.columns if column.null_count < table.height)


def _slice(sheet: Sheet, begin: int, end: int, *, fields: Sequence[Field]) -> Slice:
    mask = sheet.filled[begin:end]
    numbers = pc.filter(pa.array(range(begin + 1, end + 1), pa.int32()), mask)
    filled = {
        column.field: pc.filter(sheet.clean[column.index].values[begin:end], mask)
        for column in sheet.header.matching.columns
        if column.field and not column.place
    }
    empty = pa.nulls(len(numbers), pa.string())
    columns = [
        numbers,
        *(filled.get(field.name, empty) for field in fields),
        _extra(sheet, begin, end, mask=mask),
        doubtful(filled, fields=fields, rows=len(numbers)),
    ]
    out = io.BytesIO()
    names = [str(index) for index in range(len(columns))]
    pv.write_csv(pa.table(columns, names=names), out, _OPTIONS)
    return Slice(copy=out.getvalue(), rows=len(numbers), last_row=end, faults=tuple(_faults(sheet, begin, end)))


def _extra(sheet: Sheet, begin: int, end: int, *, mask: pa.ChunkedArray) -> pa.Array:
    """A JSON object of the filled cells of unmapped columns, by header; null where there are none."""
    members = []
    for column in sheet.header.matching.columns:
        if column.field or column.header in OUR_HEADERS:
            continue
        values = _with_errors(sheet.table, column.index, begin, end)
        if values.null_count < len(values):
            key = json.dumps(column.header, ensure_ascii=False)
            members.append(_member(key, pc.filter(values, mask)))
    if not members:
        return pa.nulls(pc.sum(mask).as_py() or 0, pa.string())
    # null_handling="skip" of pyarrow 26 drops the rows in which every member is null
    joined = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
    whole = pc.binary_join_element_wise("{", pc.utf8_rtrim(joined, characters=","), "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), whole)


def _with_errors(table: Table, index: int, begin: int, end: int) -> pa.ChunkedArray:
    """An error cell of a column that nobody reads is kept by its name."""
    values = table.columns[index][begin:end]
    broken = table.broken.get(index)
    if not broken:
        return values
    cells = values.to_pylist()
    for row in range(begin, end):
        if row in broken:
            cells[row - begin] = broken[row]
    return pa.chunked_array([cells], pa.string())


def _member(key: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Key, colon, value and comma, or null."""
    if not pc.any(pc.match_substring_regex(values, _ESCAPED)).as_py():
        return pc.binary_join_element_wise(f'{key}:"', values, '",', "")
    texts = [
        None if value is None else f"{key}:{json.dumps(value.replace(chr(0), chr(0xFFFD)), ensure_ascii=False)},"
        for value in values.to_pylist()
    ]
    return pa.chunked_array([texts], pa.string())


def _faults(sheet: Sheet, begin: int, end: int) -> Iterator[Fault]:
    marked = [column for column in sheet.header.matching.columns if sheet.clean.get(column.index)]
    for column in marked:
        marks = sheet.clean[column.index].marks
        if not marks:
            continue
        joined = sheet.header.matching.columns_of(column.field or "")
        values = sheet.table.columns[column.index] if len(joined) == 1 else sheet.clean[column.index].values
        for row in range(begin, end):
            verdict = marks.get(row)
            if verdict:
                yield Fault(
                    row=row + 1,
                    column=sheet.header.matching.name_of(column.field or ""),
                    field=column.field or "",
                    code=verdict.code,
                    message=verdict.about(
                        " + ".join(sheet.table.address(one.index, row) for one in joined), values[row].as_py() or ""
                    ),
                )
