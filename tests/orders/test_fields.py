"""The words for the fields of an order do not get into each other's way."""

from collections import defaultdict

from tranche.imports.domain import Mapping
from tranche.imports.mapping import fingerprint, match
from tranche.orders.fields import ORDER_FIELDS

_OF_TWO = {"item", "product", "article"}


def test_no_word_means_two_fields_but_the_ones_that_do() -> None:
    meanings: dict[bytes, set[str]] = defaultdict(set)
    words: dict[bytes, str] = {}
    for field in ORDER_FIELDS:
        for text in (field.name, field.label, *field.synonyms):
            meanings[fingerprint([text])].add(field.name)
            words[fingerprint([text])] = text.casefold()
    assert {words[key] for key, names in meanings.items() if len(names) > 1} == _OF_TWO


def test_every_word_alone_finds_its_field() -> None:
    for field in ORDER_FIELDS:
        for text in (field.name, field.label, *field.synonyms):
            found = match([text], fields=ORDER_FIELDS, mapping=Mapping()).columns[0].field
            assert found == field.name or text in _OF_TWO, (text, found)


def test_the_required_ones_are_those_without_which_there_is_no_line() -> None:
    assert [field.name for field in ORDER_FIELDS if field.required] == ["orderId", "quantity", "unitPrice"]
