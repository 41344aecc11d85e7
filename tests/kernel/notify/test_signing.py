"""Secrets that are derived and never stored, and what they sign."""

import base64
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tranche.kernel.errors import Invalid
from tranche.kernel.notify.signing import KEY_FILE, SigningKey, load_signing_key, sign

KEY = SigningKey(b"k" * 32)


def test_the_library_of_the_standard_accepts_the_signature() -> None:
    secret = KEY.secret(organization_id=1, salt=b"s" * 32)
    headers = sign([secret], message_id="msg_1", now=datetime.now(UTC), content='{"a":"ü"}')
    assert Webhook(secret).verify('{"a":"ü"}', headers) == {"a": "ü"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify('{"a":"u"}', headers)


def test_organization_salt_and_key_each_make_another_secret_of_32_bytes() -> None:
    secrets = {
        key.secret(organization_id=number, salt=salt * 32)
        for key in (KEY, SigningKey(b"j" * 32))
        for number in (1, 2)
        for salt in (b"s", b"t")
    }
    assert len(secrets) == 8
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)
    assert KEY.mark != SigningKey(b"j" * 32).mark


def test_the_kept_key_is_made_once_and_for_nobody_elses_eyes(tmp_path: Path) -> None:
    marks: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: marks.append(load_signing_key(tmp_path / "home", given=None).mark))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(marks) == 8
    assert len(set(marks)) == 1
    (file,) = (tmp_path / "home").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (KEY_FILE, 0o600)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_signing_key(tmp_path, given=None)
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(Invalid, match="chmod 600"):
        load_signing_key(tmp_path, given=None)


def test_a_setting_wins_over_the_file_and_must_be_long(tmp_path: Path) -> None:
    assert load_signing_key(tmp_path, given="k" * 32).mark == KEY.mark
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Invalid) as refusal:
        load_signing_key(tmp_path, given="hush")
    assert "hush" not in refusal.value.message
