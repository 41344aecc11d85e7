"""What begins a sending or a printing begins it once, however often the button was pressed."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contracts.document_3 import MESSAGES, finish, issue, seed
from tests.live import Live
from tests.signing_in import cookies, sign_in

_TOKEN = re.compile(r'name="once" value="([0-9a-f]{32})"')


@pytest.fixture
def person(live: Live) -> httpx.Client:
    """The admin at a browser."""
    return httpx.Client(base_url=live.url, headers=cookies(sign_in(live.database, live.context)), timeout=30)


def _token(person: httpx.Client, path: str) -> str:
    found = _TOKEN.search(person.get(path).text)
    assert found, path
    return found[1]


def _click(person: httpx.Client, path: str, fields: dict[str, str], *, times: int = 2) -> list[str]:
    """Press the button so often at the same time; where each answer leads."""
    with ThreadPoolExecutor(times) as pool:
        answers = list(pool.map(lambda _: person.post(path, data=fields), range(times)))
    assert {answer.status_code for answer in answers} == {303}, [answer.text for answer in answers]
    return [answer.headers["location"] for answer in answers]


def _count(live: Live, kind: str) -> int:
    found = live.client.get("/api/batch-operations", params={"type": kind}).json()
    return int(found["pagination"]["total"])


def test_a_double_click_sends_once(live: Live, person: httpx.Client) -> None:
    seed(live)
    ids = ",".join(str(one) for one in issue(live))
    fields = {"chosen": ids, "method": "email", "once": _token(person, f"/invoices/send?ids={ids}")}
    first, second = _click(person, "/invoices/send/start", fields)
    assert first == second
    live.wait(int(first.rsplit("/", 1)[-1]))
    assert _click(person, "/invoices/send/start", fields) == [first, first]  # by the way back of the browser
    assert (_count(live, "communications"), len(live.client.get("/api/messages").json()["data"])) == (1, 3)
    again = {**fields, "once": _token(person, f"/invoices/send?ids={ids}")}
    (other,) = _click(person, "/invoices/send/start", again, times=1)
    assert other != first


def test_a_double_click_prints_once(live: Live, person: httpx.Client) -> None:
    seed(live)
    ids = ",".join(str(one) for one in issue(live))
    fields = {"chosen": ids, "combined": "true", "once": _token(person, f"/invoices/print?ids={ids}")}
    assert len(set(_click(person, "/invoices/print/start", fields))) == 1
    assert _count(live, "pdfs") == 1


def test_a_double_click_sends_what_bounced_again_once(live: Live, person: httpx.Client) -> None:
    seed(live)
    row = finish(live, "communications", {**MESSAGES, "invoice_ids": issue(live)})
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE messages SET status = 'bounced', error = 'no such user'")
    path = f"/invoices/sendings/{row['id']}"
    fields = {"once": _token(person, path)}
    assert len(set(_click(person, f"{path}/resend", fields))) == 1
    assert _count(live, "communications") == 2


def test_a_choice_that_cannot_be_taken_is_named_at_its_field(live: Live, person: httpx.Client) -> None:
    seed(live)
    issue(live)
    for path in ("/invoices/send", "/invoices/print"):
        for fields, words in (
            ({"ids": "7, x"}, "There is no invoice with the number x"),
            ({"ids": "424242"}, "Holds numbers that are no invoices of yours: 424242"),
            ({"run": "x"}, "Must be the number of a run"),
            ({"run": "424242"}, "Has no live invoices"),
            ({"since": "tomorrow"}, "Must be a day"),
            ({}, "Say which invoices"),
        ):
            answer = person.post(path, data=fields)
            assert answer.status_code == 400, (path, fields)
            assert words in answer.text, (path, fields)
    answer = person.post("/invoices/send", data={"since": "2020-01-01", "subject": "Hello {{nobody}}"})
    assert "Has no placeholder {{nobody}}" in answer.text


def test_a_void_invoice_is_not_sent_and_says_why(live: Live, person: httpx.Client) -> None:
    seed(live)
    ids = issue(live)
    person.post(f"/invoices/{ids[0]}/void", data={"reason": "wrong"})
    body = {**MESSAGES, "invoice_ids": ids}
    ahead = live.client.post("/api/batch-operations/communications/preview", json=body).json()["data"]
    assert (ahead["reachable"], [one["code"] for one in ahead["unreachable"]]) == (2, ["not_live"])
    row = finish(live, "communications", body)
    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert sorted(str(item["data"]["error_code"]) for item in items) == ["None", "None", "not_live"]
    assert len(live.client.get("/api/messages").json()["data"]) == 2


def test_the_first_page_of_an_invoice_is_a_picture(live: Live, person: httpx.Client) -> None:
    seed(live)
    (first, *_) = issue(live)
    assert person.get(f"/invoices/{first}/sheet.png").content.startswith(b"\x89PNG")
    assert person.get("/invoices/424242/sheet.png").status_code == 404


def test_the_picture_of_an_invoice_that_cannot_be_printed_says_why(live: Live, person: httpx.Client) -> None:
    seed(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET name = '漢字'")
    (first, *_) = issue(live)
    answer = person.get(f"/invoices/{first}/sheet.png")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "image/svg+xml")
    assert "“漢”, “字” cannot be printed" in answer.text


def test_the_page_of_an_invoice_keeps_the_lines_of_addresses_and_the_digits_of_prices(
    live: Live, person: httpx.Client
) -> None:
    seed(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET address = E'Quai 1\n75006 Paris'")
    (first, *_) = issue(live)
    seen = person.get(f"/invoices/{first}").text
    assert '<p class="as-written">Quai 1\n75006 Paris</p>' in seen
    assert re.search(r'data-label="Unit price" class="num">[\d,]+\.\d\d<', seen)
