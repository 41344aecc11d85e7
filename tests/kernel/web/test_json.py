"""Bodies come in exactly and strictly, decimals go out exactly."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import UNSET, UnsetType

from tests.kernel.web.sample import ThingBody
from tranche.kernel.errors import Invalid
from tranche.kernel.web.json import Body, decode, encode


@pytest.mark.parametrize("number", ["1.10", "12345678901234567.123", "0.1", "2", "1234567890123456789012345678.5"])
def test_a_decimal_goes_in_and_out_digit_by_digit(client: TestClient[Litestar], number: str) -> None:
    body = b'{"itemId":1,"unitPrice":%b,"lines":[{"lineTotal":%b}]}' % (number.encode(), number.encode())
    answer = client.post("/things", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert answer.content == b'{"itemId":1,"unitPrice":%b,"lineTotals":[%b]}' % (number.encode(), number.encode())


REFUSED = [
    (b'{"itemId":1,"unitPrice":NaN}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":Infinity}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":"NaN"}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":"2"}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":1e400}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":1e999}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":-1e-999}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":null}', "/unitPrice", "invalid"),
    (b'{"itemId":1,"unitPrice":true}', "/unitPrice", "invalid"),
    (b'{"itemId":"1","unitPrice":1}', "/itemId", "invalid"),
    (b'{"itemId":1.5,"unitPrice":1}', "/itemId", "invalid"),
    (b'{"itemId":9223372036854775808,"unitPrice":1}', "/itemId", "invalid"),
    (b'{"itemId":99999999999999999999999999,"unitPrice":1}', "/itemId", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"companyId":2}', "/companyId", "unknown"),
    (b'{"itemId":1,"unitPrice":1,"item_id":2}', "/item_id", "unknown"),
    (b'{"itemId":1}', "/unitPrice", "required"),
    (b'{"itemId":1,"unitPrice":1,"lines":[{"lineTotal":1},{"lineTotal":"x"}]}', "/lines/1/lineTotal", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"lines":[{"lineTotal":1},{}]}', "/lines/1/lineTotal", "required"),
    (b'{"itemId":1,"unitPrice":1,"lines":[{"lineTotal":1,"a/b":2}]}', "/lines/0/a~1b", "unknown"),
    (b'{"itemId":1,"unitPrice":1,"note":"a\\u0000b"}', "/note", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"names":["a","b","\\u0000"]}', "/names/2", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"extra":{"k":"\\u0000"}}', "/extra/k", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"names":["a","b","c","d"]}', "/names", "invalid"),
    (b'{"itemId":1,"unitPrice":1,"note":"a\x00b"}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1,"note":"\\ud800"}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1,"note":"\\ude00"}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1,"note":"\xff"}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1} {}', "", "malformed"),
    (b'{"itemId":1,"unitPrice":1,"extra":{"a":' + b"[" * 40 + b"]" * 40 + b"}}", "", "too_deep"),
    (b'{"itemId":1,"unitPrice":1,"extra":{"a":' + b"[" * 100_000, "", "too_deep"),
    (b"[]", "", "invalid"),
    (b"null", "", "invalid"),
    (b"", "", "required"),
]


@pytest.mark.parametrize(("body", "pointer", "code"), REFUSED, ids=lambda value: repr(value)[:50])
def test_a_bad_body_is_400_with_the_field_named(
    client: TestClient[Litestar], body: bytes, pointer: str, code: str
) -> None:
    answer = client.post("/things", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    problem: dict[str, Any] = answer.json()
    if pointer:
        assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
        assert pointer.rsplit("/", 1)[1].replace("~1", "/") in problem["message"] or "[" in problem["message"]
    else:
        assert code in {problem["code"], *(error["code"] for error in problem["errors"])}


def test_a_field_that_is_none_is_told_with_those_that_are() -> None:
    with pytest.raises(Invalid, match=r"^item_id is not a field of this body; it takes: itemId, unitPrice, "):
        decode(b'{"itemId":1,"unitPrice":1,"item_id":2}', into=ThingBody)
    with pytest.raises(Invalid, match=r"^lines\[0\]\.total is not a field of this object; it takes: lineTotal"):
        decode(b'{"itemId":1,"unitPrice":1,"lines":[{"lineTotal":1,"total":2}]}', into=ThingBody)


def test_a_fault_is_told_in_the_words_of_the_request() -> None:
    with pytest.raises(Invalid) as caught:
        decode(b'{"itemId":1,"unitPrice":1,"lines":[{"lineTotal":"x"}]}', into=ThingBody)
    assert caught.value.message == "lines[0].lineTotal must be a number, not text."


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Coat(Body, frozen=True):
    colour: Colour = Colour.RED
    other: Colour | UnsetType | None = UNSET


class CoatsBody(Body, frozen=True):
    coats: tuple[Coat, ...] = ()
    by_name: dict[str, Colour] | None = None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"coats":[{},{"colour":"green"}]}', "coats[1].colour must be one of red, blue, not 'green'."),
        (b'{"coats":[{"other":"green"}]}', "coats[0].other must be one of red, blue, not 'green'."),
        (b'{"byName":{"x":"green"}}', "byName.... must be one of red, blue, not 'green'."),
    ],
)
def test_a_word_that_is_none_is_told_with_those_that_are(raw: bytes, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(raw, into=CoatsBody)
    assert caught.value.message == message


def test_a_very_long_word_is_not_repeated_whole() -> None:
    with pytest.raises(Invalid) as caught:
        decode(b'{"coats":[{"colour":"%b"}]}' % (b"x" * 10_000), into=CoatsBody)
    assert len(caught.value.message) < 200


def test_the_last_of_two_equal_keys_counts() -> None:
    assert decode(b'{"itemId":1,"unitPrice":1,"itemId":2}', into=ThingBody).item_id == 2


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_kind_is_415(client: TestClient[Litestar], kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = client.post("/things", content=b'{"itemId":1,"unitPrice":1}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported")


def test_a_charset_beside_the_media_type_is_fine(client: TestClient[Litestar]) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert client.post("/things", content=b'{"itemId":1,"unitPrice":1}', headers=headers).status_code == 201


def test_numbers_are_encoded_as_they_are() -> None:
    assert encode({"a": Decimal("1.10"), "b": Decimal(3)}) == b'{"a":1.10,"b":3}'
    assert encode(b"as it is") == b"as it is"
