"""Pages as the wire carries them: cookies, headers, faults, weight, static files."""

import gzip
import re
import secrets
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from tests.kernel.web.sample import sample_app
from tests.live import Live
from tests.pages.visits import Visitor, visit
from tests.signing_in import cookies
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Unavailable
from tranche.kernel.identity.service import make_setup_link
from tranche.kernel.web.assets import Assets
from tranche.kernel.web.pages.render import is_own_path
from tranche.kernel.web.visitors import SESSION_COOKIE

SOURCES = Path(__file__).resolve().parents[2] / "src/tranche"
TEMPLATES = sorted(SOURCES.rglob("templates/**/*.html"))
MOST_BYTES = 200_000
OURS = {"Sec-Fetch-Site": "same-origin"}
SETUP = {
    "organization": "Harbour",
    "zone": "UTC",
    "currency": "EUR",
    "name": "Ada",
    "email": "ada@harbour.test",
    "password": "seven red boats",
}


def test_the_first_page_weighs_at_most_200_kb_compressed_with_everything_that_it_loads(admin: Visitor) -> None:
    for path in ("/", "/settings/users"):
        page = admin.get(path, accept_encoding="identity")
        weight, seen = len(gzip.compress(page.content)), {}
        names = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text))
        for name in names:
            for encoding in ("br", "gzip"):
                answer = httpx.get(admin.url + name, headers={"Accept-Encoding": encoding})
                assert answer.status_code == 200, name
                seen[name, encoding] = int(answer.headers["content-length"])
        assert any("tabler" in name for name in names)
        for encoding in ("br", "gzip"):
            total = weight + sum(size for (_, kind), size in seen.items() if kind == encoding)
            assert 50_000 < total <= MOST_BYTES, (path, encoding, total)


def test_static_files_are_kept_for_a_year_under_their_version_and_asked_for_under_any_other(live: Live) -> None:
    assets = Assets()
    now = httpx.get(live.url + assets.url("app.css"), headers={"Accept-Encoding": "gzip"})
    assert (now.headers["cache-control"], now.headers["content-encoding"]) == (
        "public, max-age=31536000, immutable",
        "gzip",
    )
    assert now.headers["vary"] == "Accept-Encoding"
    old = httpx.get(f"{live.url}/static/000000000000/app.css", headers={"Accept-Encoding": "identity"})
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert "content-encoding" not in old.headers
    assert old.text == now.text
    for name in ("nothing.css", "..%2Fassets.py", "app.css%00"):
        assert httpx.get(f"{live.url}/static/{assets.version}/{name}").status_code in {400, 404}


def test_the_scripts_of_every_page_that_are_our_own_stay_under_five_kilobytes() -> None:
    assets = SOURCES / "kernel/web/assets"
    assert sum((assets / name).stat().st_size for name in ("app.js", "theme.js")) < 5_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_no_template_holds_a_style_or_a_script_of_its_own(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<style|<script(?![^>]*\ssrc=)|javascript:", text)
    assert not re.search(r"""(?:href|src|action)=["']https?:""", text)


def test_every_page_carries_the_policy_and_is_kept_by_nobody(live: Live, admin: Visitor) -> None:
    for answer in (admin.get("/"), admin.get("/nowhere"), httpx.get(f"{live.url}/sign-in")):
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; base-uri 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_signing_in_sets_a_host_cookie_that_scripts_and_other_sites_do_not_get(live: Live) -> None:
    token = make_setup_link(live.database, entropy=secrets.token_bytes)
    made = httpx.post(f"{live.url}/set-up/{token}", headers=OURS, data=SETUP)
    assert made.status_code == 303, made.text
    sent = {"email": "ada@harbour.test", "password": "seven red boats", "next": "/profile"}
    answer = httpx.post(f"{live.url}/sign-in", headers=OURS, data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE)]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "max-age=1209600",
        "path=/",
        "samesite=lax",
        "secure",
    }
    for away in ("//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"):
        moved = httpx.post(f"{live.url}/sign-in", headers=OURS, data={**sent, "next": away})
        assert moved.headers["location"] == "/", away


@pytest.mark.parametrize("path", ["//x", "/\\x", "x", "", "https://x", "/a\r\nb", "/ü"])
def test_only_pages_of_the_house_are_gone_to(path: str) -> None:
    assert not is_own_path(path)


def test_over_an_unprotected_connection_from_elsewhere_the_page_says_what_to_do(live: Live) -> None:
    host = {"Host": "tranche.example:8080", "Origin": "http://tranche.example:8080"}
    page = httpx.get(f"{live.url}/sign-in", headers=host)
    assert "This address is not secure" in page.text
    sent = httpx.post(f"{live.url}/sign-in", headers=host, data={"email": "a@b.test", "password": "x"})
    assert sent.status_code == 400
    assert "ssh -L 8080:localhost:8080" in sent.text
    safe = httpx.get(f"{live.url}/sign-in", headers={**host, "Sec-Fetch-Site": "none"})
    assert "This address is not secure" not in safe.text


def test_faults_are_pages_for_browsers_pieces_for_htmx_and_json_for_programs(live: Live, admin: Visitor) -> None:
    page = admin.get("/nowhere")
    assert (page.status_code, "There is nothing here" in page.text, "<nav" in page.text) == (404, True, True)
    stranger = httpx.get(f"{live.url}/nowhere", headers={"Accept": "text/html"})
    assert (stranger.status_code, "<nav" in stranger.text, "To the home page" in stranger.text) == (404, False, True)
    forbidden = visit(live, role=Role.VIEWER).get("/settings/users")
    assert (forbidden.status_code, "<nav" in forbidden.text, "To the home page" in forbidden.text) == (403, True, True)
    foreign = admin.get("/settings/webhooks/999999")
    assert (foreign.status_code, "<nav" in foreign.text) == (404, True)
    piece = admin.get("/settings/webhooks/999999", hx_request="true")
    assert (piece.status_code, "<html" in piece.text, 'role="alert"' in piece.text) == (404, False, True)
    api = admin.get("/api/nowhere")
    assert (api.status_code, api.json()["code"]) == (404, "not_found")
    assert live.client.get("/nowhere").json()["code"] == "not_found"
    late = visit(live).post("/settings/branches", {"name": "x", "unknown": "y"})
    assert (late.status_code, "That cannot be taken as it is" in late.text) == (400, True)


def test_a_fault_of_ours_is_a_page_in_the_shell_without_its_inside(admin: Visitor, owner: Connection) -> None:
    owner.execute("ALTER TABLE customers RENAME TO hidden_customers")
    page = admin.get("/customers")
    assert page.status_code == 500
    for shown in ("<nav", "Something went wrong on our side", "To the home page", "Try again", "Request "):
        assert shown in page.text
    for inside in ("psycopg", "customers c", "Traceback", "UndefinedTable"):
        assert inside not in page.text


def test_while_the_database_is_away_a_page_says_so_and_when_to_come_back() -> None:
    def away(token: str, /) -> None:
        raise Unavailable(f"away {token}"[:4], retry_after=5)

    with TestClient(sample_app(visitors=away)) as client:
        answer = client.get("/", headers=cookies("trn_x"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "catching its breath" in answer.text


def test_a_word_for_the_next_page_is_text_whoever_wrote_it(admin: Visitor) -> None:
    answer = admin.post("/settings/branches", {"name": "<b>Harbour</b>"})
    (word,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-word")]
    value = word.partition(";")[0]
    shown = admin.get("/settings/branches", cookie=f"{cookies(admin.token)['Cookie']}; {value}")
    assert "The branch is there." in shown.text
    assert "&lt;b&gt;Harbour&lt;/b&gt;" in shown.text
    assert "__Host-word" in shown.headers["set-cookie"]
    for forged in ("__Host-word=zzz", "__Host-word=WyI8c2NyaXB0PiIsImdvb2QiXQ", "__Host-word=" + "A" * 3000):
        page = admin.get("/", cookie=f"{cookies(admin.token)['Cookie']}; {forged}")
        assert page.status_code == 200
        assert "<script>" not in page.text


def test_a_secret_stands_in_one_answer_and_in_no_other(admin: Visitor) -> None:
    made = admin.post("/settings/api-keys", {"name": "Scanner", "role": "viewer"})
    (secret,) = re.findall(r"trn_[0-9A-Za-z]{33}", made.text)
    assert made.headers["cache-control"] == "no-store"
    assert secret not in admin.get("/settings/api-keys").text
    assert secret not in admin.get("/settings/audit").text


def test_what_may_be_many_comes_as_many_also_when_it_is_one(admin: Visitor) -> None:
    form = {"url": "http://127.0.0.1:9/x", "eventTypes": "operation.failed"}
    assert "whsec_" in admin.post("/settings/webhooks", form).text
    both = admin.post("/settings/webhooks", {**form, "eventTypes": ["operation.failed", "operation.completed"]})
    assert "whsec_" in both.text
    none = admin.post("/settings/webhooks", {"url": "http://127.0.0.1:9/x"})
    assert (none.status_code, "Must be one or more of" in none.text) == (400, True)


def test_the_bell_is_a_stream_of_the_whole_organization(live: Live, admin: Visitor) -> None:
    with (
        httpx.Client(base_url=live.url, headers=cookies(admin.token), timeout=10) as client,
        client.stream("GET", "/events") as stream,
    ):
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: bell"
        assert '"running":0' in next(lines)
        live.client.post(
            "/api/orders/upload", files={"file": ("a.csv", b"orderId,customer,quantity,unitPrice\n1,A,1,1\n")}
        )
        assert '"running":1' in next(line for line in lines if line.startswith("data:"))


def test_sample_data_come_in_once(live: Live, admin: Visitor) -> None:
    assert admin.post("/sample").headers["location"] == "/"
    again = admin.post("/sample")
    assert again.status_code == 303
    assert len(live.client.get("/api/orders/batches").json()["batches"]) == 1


def test_search_finds_pages_that_the_role_may_see(admin: Visitor, live: Live) -> None:
    assert "/settings/webhooks" in admin.get("/search/hits?q=webh").text
    assert admin.get("/search?q=webh").headers["location"] == "/settings/webhooks"
    operator = visit(live, role=type(live.context.role).OPERATOR)
    assert "/settings/webhooks" not in operator.get("/search/hits?q=webh").text
    assert admin.get("/search?q=" + "x" * 500).status_code == 200


def test_the_audit_log_is_paged_by_places_filtered_and_exported(live: Live, admin: Visitor) -> None:
    for number in range(60):
        live.client.post("/api/branches", json={"data": {"name": f"Branch {number}"}})
    first = admin.get("/settings/audit?q=branch.create")
    assert first.text.count("<code>branch.create</code>") == 50
    assert "60 in all" in first.text
    following = re.findall(r'rel="next" href="([^"]+)"', first.text)[0].replace("&amp;", "&")
    second = admin.get(following)
    assert second.text.count("<code>branch.create</code>") == 10
    assert "Branch 0" in second.text
    back = re.findall(r'rel="prev" href="([^"]+)"', second.text)[0].replace("&amp;", "&")
    assert "Branch 59" in admin.get(back).text
    export = re.findall(r'href="([^"]+export[^"]+csv)"', first.text)[0].replace("&amp;", "&")
    assert admin.get(export).text.count("branch.create") == 60
    assert admin.get("/settings/audit?after=rubbish").status_code == 400


def test_the_audit_log_says_up_to_when_it_is_sealed(live: Live, admin: Visitor, owner: Connection) -> None:
    assert "Nothing is sealed yet." in admin.get("/settings/audit").text
    owner.execute(
        "INSERT INTO audit_seals SELECT %s, 1234, '2026-11-01T08:00Z', 2, sha256('x')",
        [live.context.organization_id],
    )
    shown = admin.get("/settings/audit").text
    assert "Sealed up to" in shown
    assert "1 Nov 2026 08:00" in shown
    assert 'by seal 1,234 <code title="2d711642b726b04401627ca9fbac32f5' in shown
