"""The page of an operation over HTTP: what is about to be tried again."""

from tests.live import Live
from tests.pages.visits import Visitor

TABLE = b"orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,1,9.99\n"


def test_a_try_that_follows_is_shown_with_its_time_and_the_reason(live: Live, admin: Visitor) -> None:
    live.client.post("/api/orders/upload", files={"file": ("May.csv", TABLE)})
    (operation,) = live.client.get("/api/operations").json()["data"]
    assert "Try 2 of 3" not in admin.get(f"/operations/{operation['id']}").text
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE operations SET status = 'processing' WHERE id = %(id)s", {"id": operation["id"]})
        conn.execute(
            """
            INSERT INTO operation_claims
                (organization_id, operation_id, phase, low, high, attempts, last_error, not_before)
            VALUES (current_organization(), %(id)s, 'stage', 1, 1, 1, 'The file is <not> there.',
                '2126-11-29T02:00:04Z')
            """,
            {"id": operation["id"]},
        )
    text = admin.get(f"/operations/{operation['id']}").text
    assert "Try 2 of 3" in text
    assert "The file is &lt;not&gt; there." in text
    assert ":00:04</time>" in text
    told = live.client.get(f"/api/operations/{operation['id']}").json()["data"]["anotherTry"]
    assert told == {"number": 2, "of": 3, "at": "2126-11-29T02:00:04Z", "reason": "The file is <not> there."}
