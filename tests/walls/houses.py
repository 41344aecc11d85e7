"""Two organizations in one house: one that has a row of everything, and one that has nothing and asks for it all."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from tests.commands.whole import fill
from tests.factories import Organization
from tests.live import Live
from tests.naming import nameless
from tests.signing_in import cookies, sign_in
from tests.walls.routes import PARAMETER, Route
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import issue_key

NOWHERE: Final = 424_242
# What stands in the other organization's rows and nowhere else.
MARKS: Final = ("Rivals", "Miller", "Paint", "L-71", "INV-2026-00000", "B-2", "a@example.com", "CRP1", "rivals.test")
_VARYING: Final = re.compile(
    r'Request [0-9a-f]{16}|"requestId":"[^"]*"|"(?:timestamp|generatedAt)":"[^"]*"|<time [^>]*>[^<]*</time>'
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?|-\d{8}-\d{6}"
)
# So that every page about what is there can be drawn.
_MORE: Final = (
    """
    UPDATE invoice_imprints SET content = '{"language": "en", "paymentTerms": "", "notes": "", "bank": {},
        "seller": {"name": "Rivals"}}' WHERE organization_id = %(id)s
    """,
    """UPDATE imports SET options = options || '{"batchId": 1}' WHERE organization_id = %(id)s""",
    """
    INSERT INTO imports (organization_id, id, target, sha256, file_name, file_size, started_operation_id)
    SELECT organization_id, n, kind, sha256, file_name, file_size, started_operation_id
    FROM imports, (VALUES (11, 'item'), (12, 'stock')) AS more (n, kind) WHERE organization_id = %(id)s AND id = 1
    """,
)
# One name for different things.
_ELSEWHERE: Final[Mapping[tuple[str, str], str]] = {
    ("/api/batch-operations", "batch_id"): "8",
    ("/api/batch-operations", "name"): "invoices.zip",
    ("/api/batch/operations", "operation_id"): "2",
    ("/invoices/sendings", "batch_id"): "9",
    ("/stock/items/imports", "import_id"): "11",
    ("/stock/imports", "import_id"): "12",
    ("/invoices/runs", "operation_id"): "7",
    ("/api/operations", "operation_id"): "7",
    ("/api/schedules", "name"): "retention",
    ("/schedules", "name"): "retention",
    ("/api/message-templates", "name"): "invoice",
    ("/settings/templates", "name"): "invoice",
}


@dataclass(frozen=True, slots=True)
class Person:
    """An admin, by key for the API and by cookie for the pages."""

    client: httpx.Client
    key: str
    token: str

    def ask(self, route: Route, address: str, content: Mapping[str, Any]) -> httpx.Response:
        headers = cookies(self.token) if route.is_page else {"Authorization": f"Bearer {self.key}"}
        return self.client.request(route.method, address, headers=headers, **content)


def admit(live: Live, context: Context) -> Person:
    """This admin with a key and a session of their own."""
    with live.database.transaction(context.organization_id) as conn:
        now = datetime.now(UTC)
        issued = issue_key(
            conn,
            context,
            entropy=secrets.token_bytes,
            now=now,
            name="walls",
            role=Role.ADMIN,
            branch_id=context.branch_id,
        )
    client = httpx.Client(base_url=live.url, timeout=30)
    return Person(client, issued.secret, sign_in(live.database, context))


@dataclass(frozen=True, slots=True)
class Rivals:
    """The organization with everything. `ids` are its numbers by the name of the parameter that takes them."""

    organization: Organization
    person: Person
    ids: Mapping[str, str]

    def address(self, route: Route, **changed: object) -> str:
        """Where its own things are, but for the parameters that are given."""
        numbers: dict[str, object] = {**self.numbers(route.path), **changed}
        return PARAMETER.sub(lambda found: str(numbers[found[1]]), route.path)

    def numbers(self, path: str) -> dict[str, str]:
        """Its own things by the names of the parameters of a path."""
        own = {name: value for (prefix, name), value in _ELSEWHERE.items() if path.startswith(prefix)}
        return {**self.ids, **own}


def fill_rivals(live: Live, owner: Connection, organization: Organization) -> Rivals:
    """Give the organization its rows, its file, a webhook with a delivery and a template of its own."""
    fill(owner, organization, live.settings.home)
    for statement in _MORE:
        owner.execute(statement.encode(), {"id": organization.id})
    person = admit(live, organization.context())
    headers = {"Authorization": f"Bearer {person.key}"}
    hook = person.client.post(
        "/api/webhooks",
        headers=headers,
        json={"data": {"url": "http://127.0.0.1:9/x", "eventTypes": ["operation.completed"]}},
    )
    assert hook.status_code == 201, hook.text
    person.client.post(f"/api/webhooks/{hook.json()['data']['id']}/test", headers=headers)
    return Rivals(organization, person, _numbers(owner, organization))


def _numbers(owner: Connection, organization: Organization) -> dict[str, str]:
    rows = owner.execute(
        """
        SELECT (SELECT max(id) FROM api_keys WHERE organization_id = %(id)s) AS key_id,
            (SELECT max(id) FROM webhook_endpoints WHERE organization_id = %(id)s) AS webhook_id,
            (SELECT max(id) FROM notifications WHERE organization_id = %(id)s AND channel = 'webhook') AS delivery_id,
            (SELECT max(id) FROM import_mappings WHERE organization_id = %(id)s) AS mapping_id,
            (SELECT max(id) FROM order_selections WHERE organization_id = %(id)s) AS selection_id,
            (SELECT max(id) FROM lot_movements WHERE organization_id = %(id)s AND kind = 'transfer') AS movement_id
        """,
        {"id": organization.id},
    ).fetchall()
    assert all(rows[0].values()), rows[0]
    return {name: str(value) for name, value in rows[0].items()} | {
        "organization_id": str(organization.id),
        "user_id": str(organization.user_id),
        "branch_id": str(organization.branch_id),
        "message_id": "2",
        "order_id": "1",
        "customer_id": "1",
        "invoice_id": "1",
        "import_id": "1",
        "item_id": "2",
        "lot_id": "1",
        "job_id": "7",
        "operation_id": "8",
        "batch_id": "1",
        "row": "3",
        "key": "bad",
        "channel": "sms",
        "language": "en",
        "token": "x" * 40,
    }


def plain(answer: httpx.Response, address: str = "") -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what differs from one request to the next, and without the address and id asked for."""
    text = answer.text.replace(address, "") if address else answer.text
    for which in address.split("/"):
        text = nameless(text, which) if which else text
    headers = [
        (name, _VARYING.sub("", value))
        for name, value in sorted(answer.headers.items())
        if name not in {"date", "x-request-id", "content-length", "set-cookie"} and not name.startswith("ratelimit")
    ]
    return answer.status_code, headers, _VARYING.sub("", text)
