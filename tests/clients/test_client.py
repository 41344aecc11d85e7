"""The generated client and the guide for integrators, both against a living house."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients.generating import CLIENT, GENERATOR, ROOT, fetch_document, generate
from tests.live import Live
from tranche.kernel.notify.signing import sign

GUIDE = (ROOT / "docs/integrating.md").read_text()

needs_generator = pytest.mark.skipif(
    not (GENERATOR / "openapi-python-client").exists(),
    reason="no generator of clients: `make test` installs it, from tests/clients/generator.txt",
)


def _pieces(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def _run(live: Live, folder: Path, *command: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CLIENT),
            "TRANCHE_URL": live.url,
            "TRANCHE_API_KEY": live.key,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@needs_generator
def test_a_client_is_generated_without_a_warning_and_does_what_the_guide_says(live: Live, tmp_path: Path) -> None:
    generate(fetch_document(live.url))
    script = "\n".join(_pieces("python"))
    (tmp_path / "guide.py").write_text(script)
    said = _run(live, tmp_path, str(GENERATOR / "python"), "guide.py").splitlines()
    assert said[0] == "signed in as admin"
    assert re.fullmatch(r"batch \d+ operation \d+", said[1])
    assert said[-3:] == ["completed", "30 orders", "404 order_not_found - There is no order with the id 999999."]


def test_the_lines_for_a_shell_do_what_the_guide_says(live: Live, tmp_path: Path) -> None:
    said = _run(live, tmp_path, "bash", "-euc", "\n".join(_pieces("bash")))
    assert '"role":"admin"' in said
    batches = live.client.get("/api/orders/batches").json()["batches"]
    assert len(batches) == 1, "the second attempt is the first one again"


def test_the_guide_recognises_our_signature_and_no_other() -> None:
    names: dict[str, Any] = {}
    exec(_pieces("python")[-1], names)  # noqa: S102  # the guide's own piece
    is_from_tranche = names["is_from_tranche"]
    secret = "whsec_" + "QUJD" * 8
    body = '{"type":"webhook.test"}'
    headers = sign([secret], message_id="msg_1", now=datetime.now(UTC), content=body)
    assert is_from_tranche(secret, headers, body.encode())
    assert not is_from_tranche(secret, headers, body.encode() + b" ")
    assert not is_from_tranche("whsec_" + "QUJE" * 8, headers, body.encode())
    old = sign([secret], message_id="msg_1", now=datetime(2020, 1, 1, tzinfo=UTC), content=body)
    assert not is_from_tranche(secret, old, body.encode())
