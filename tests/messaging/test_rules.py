"""Addresses, templates and suppressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messaging.house import House
from tranche.invoicing.printing.figures import list_languages
from tranche.kernel.errors import Invalid
from tranche.kernel.text import is_line
from tranche.messaging import service
from tranche.messaging.domain import (
    Channel,
    SuppressionNotFound,
    Template,
    TemplateNotFound,
    check_template,
    clean_address,
    fill,
    fill_line,
    find_places,
)

_PLACES = ("customer_name", "total")


@pytest.mark.parametrize(
    ("channel", "text", "clean"),
    [
        (Channel.EMAIL, " Ben@Example.TEST ", "Ben@example.test"),
        (Channel.SMS, "+49 (30) 123-456", "+4930123456"),
        (Channel.WHATSAPP, "0049 30 123456", "+4930123456"),
    ],
)
def test_an_address_is_compared_in_its_clean_form(channel: Channel, text: str, clean: str) -> None:
    assert clean_address(channel, text) == clean


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (Channel.EMAIL, "ben"),
        (Channel.EMAIL, "a@b.test, c@d.test"),
        (Channel.EMAIL, "a@b.test\nBcc: x@y.test"),
        (Channel.SMS, "030 123456"),
        (Channel.SMS, "+49"),
        (Channel.SMS, "+49x30"),
    ],
)
def test_what_is_no_address_is_refused(channel: Channel, text: str) -> None:
    with pytest.raises(Invalid):
        clean_address(channel, text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_filled_in_is_never_a_placeholder_itself(name: str, total: str) -> None:
    values = {"customer_name": name, "total": total}
    assert fill("{{customer_name}}|{{ total }}", values) == f"{name}|{total}"


@given(st.text(max_size=80))
def test_a_filled_line_stays_one_line(name: str) -> None:
    line = fill_line("Invoice for {{customer_name}}", {"customer_name": name})
    assert is_line(line)
    assert not set(line) & set("\r\n\t\v\f\0\x85\u2028\u2029\u202e")


@pytest.mark.parametrize("name", ["র‍্যাব", "क्‍ष", "می‌خواهم", "فاتورة\u200f (7)"])
def test_joiners_by_which_words_are_spelt_stay_in_a_line(name: str) -> None:
    assert fill_line("{{customer_name}}", {"customer_name": name}) == name
    template = Template(name="a", channel=Channel.EMAIL, language="bn", subject=name, body=name)
    check_template(template, known=_PLACES)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"body": "{{ password }}"}, "/body"),
        ({"subject": "{{oops"}, "/subject"),
        ({"subject": "  "}, "/subject"),
        ({"subject": "a\nb"}, "/subject"),
        ({"body": "{% for x in y %}{{ x.y }}"}, "/body"),
        ({"body": "  "}, "/body"),
        ({"body": "x" * 10_001}, "/body"),
        ({"body": "a\0b"}, "/body"),
        ({"body": "a\ud800"}, "/body"),
        ({"body": "a\u202eb"}, "/body"),
        ({"subject": "x" * 301}, "/subject"),
        ({"subject": "a\r\nBcc: eve@example.test"}, "/subject"),
        ({"body": "{{ customer_name.__class__ }}"}, "/body"),
        ({"body": "{{{{customer_name}}}}"}, "/body"),
        ({"body": "{{Customer_Name}}"}, "/body"),
        ({"name": "../../etc"}, "/name"),
        ({"name": ""}, "/name"),
        ({"language": "EN"}, "/language"),
        ({"language": "e%"}, "/language"),
    ],
)
def test_a_template_that_cannot_be_filled_names_the_field(changes: dict[str, str], pointer: str) -> None:
    facts = {"name": "invoice", "language": "en", "subject": "Invoice", "body": "Dear {{customer_name}}", **changes}
    template = Template(channel=Channel.EMAIL, **facts)  # type: ignore[arg-type]  # texts
    with pytest.raises(Invalid) as caught:
        check_template(template, known=_PLACES)
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_the_templates_that_come_along_can_be_filled(house: House) -> None:
    with house.transaction() as conn:
        found = service.list_templates(conn)
    places = {place for one in found for text in (one.subject, one.body) for place in find_places(text)}
    assert places == {"customer_name", "invoice_number", "total", "due_date", "seller_name"}
    for language in list_languages():
        assert {one.channel for one in found if one.language == language} == set(Channel)


def test_an_own_template_stands_in_front_and_can_be_taken_away(house: House) -> None:
    own = Template(name="invoice", channel=Channel.SMS, language="de", subject="", body="Neu: {{total}}")

    def body(language: str) -> str:
        with house.transaction() as conn:
            return service.get_template(conn, name="invoice", channel=Channel.SMS, language=language).body

    with house.transaction() as conn:
        service.save_template(conn, house.context, template=own, known=_PLACES)
    assert body("de-AT") == "Neu: {{total}}"
    assert "is due on" in body("en")
    assert "is due on" in body("xx")
    with house.transaction() as conn:
        service.delete_template(conn, house.context, name="invoice", channel=Channel.SMS, language="de")
    assert "fällig" in body("de")
    with house.transaction() as conn, pytest.raises(TemplateNotFound):
        service.delete_template(conn, house.context, name="invoice", channel=Channel.SMS, language="de")


def test_an_address_is_put_on_the_list_and_taken_off(house: House) -> None:
    with house.transaction() as conn:
        service.suppress(conn, house.context, channel=Channel.EMAIL, address="Ben@EXAMPLE.test", reason="asked")
        found, total = service.list_suppressions(conn, channel=None, search="Ben", limit=10, offset=0)
        assert (found[0].address, found[0].reason, total) == ("Ben@example.test", "asked", 1)
        service.unsuppress(conn, house.context, channel=Channel.EMAIL, address="Ben@example.test")
        with pytest.raises(SuppressionNotFound):
            service.unsuppress(conn, house.context, channel=Channel.EMAIL, address="Ben@example.test")
