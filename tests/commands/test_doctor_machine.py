"""`tranche doctor` and what a machine needs: storage, clock, fonts, mail server, key, credentials."""

import time
from dataclasses import replace
from pathlib import Path

import fontpkg
import pytest

from tests.buckets import S3Server, s3, s3_server
from tests.commands.examined import Body
from tests.kernel.notify.mailbox import mailbox
from tests.ports import free_port
from tranche.examination import make_patient
from tranche.kernel.audit.anchors import write_anchor
from tranche.kernel.audit.queries.seals import walk_heads
from tranche.kernel.doctor.clock import find_skew
from tranche.kernel.notify.signing import load_signing_key
from tranche.kernel.secrets import SecretBox
from tranche.kernel.settings import Settings
from tranche.outward import make_storage

__all__ = ["s3", "s3_server"]

KEY = "k" * 40


def _found(body: Body, **changes: object) -> list[str]:
    """What is found with other settings, each with its check's name."""
    settings = replace(Settings(home=body.patient.home), **changes)  # type: ignore[arg-type]  # fields of any type
    patient = make_patient(settings, body.patient.checks, files=make_storage(settings))
    return _details(replace(body, patient=patient))


def _details(body: Body) -> list[str]:
    return [f"{name}: {finding.detail}" for name, found in body.findings().items() for finding in found]


def test_a_folder_that_cannot_be_written_is_found(body: Body) -> None:
    files = body.patient.home / "files"
    files.rename(files.with_name("kept"))
    files.write_text("in the way")
    assert "the storage takes files" in body.findings()


def test_a_bucket_is_examined_as_a_folder_is(body: Body, s3: S3Server) -> None:
    content = body.file.read_bytes()
    bucket = {"s3_bucket": s3.make_bucket(), "s3_endpoint": s3.url}
    missing, unanchored = _found(body, **bucket)
    assert missing.startswith("every registered file is there: file ")
    assert unanchored.startswith("the chain of the audit log goes on from its anchor: the anchor is missing")
    storage = make_storage(replace(Settings(home=body.patient.home), **bucket))  # type: ignore[arg-type]  # as above
    with body.file.open("rb") as file:
        storage.put(body.organization.id, file, limit=len(content))
    (head,) = walk_heads(body.conn)
    write_anchor(storage, head)
    assert not _found(body, **bucket)
    assert any(
        "the bucket nowhere does not take" in found for found in _found(body, **{**bucket, "s3_bucket": "nowhere"})
    )


@pytest.mark.parametrize(("shift", "word"), [(-3_600.0, "behind"), (3_600.0, "ahead of")])
def test_a_clock_that_is_wrong_is_found(body: Body, shift: float, word: str) -> None:
    (found,) = find_skew(body.conn, read=lambda: time.time() + shift)
    assert f"is 3600 s {word} the database's" in found.detail
    assert not find_skew(body.conn)


def test_a_missing_font_is_found(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    families = fontpkg.families()
    monkeypatch.setattr(fontpkg, "families", lambda: [name for name in families if name != "hind-siliguri"])
    (found,) = _found(body)
    assert "install the package fontpkg-hind-siliguri" in found


def test_a_mail_server_that_is_away_is_found(body: Body) -> None:
    (found,) = _found(body, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    assert found.startswith("the mail server lets us in: ")
    (found,) = _found(body, smtp_url="smtp://127.0.0.1:25", smtp_password_file=Path("/not/there"))
    assert "TRANCHE_SMTP_PASSWORD_FILE cannot be read" in found
    with mailbox() as box:
        assert not _found(body, smtp_url=f"smtp://127.0.0.1:{box.port}?tls=none")
    assert not box.mails


def test_a_key_of_another_installation_is_found(body: Body) -> None:
    box = SecretBox(load_signing_key(body.patient.home, given=KEY).derive("secrets"))
    org = body.organization.id
    sealed = {
        "channel": box.seal({"password": "x"}, organization_id=org, purpose="message channel email"),
        "source": box.seal({"user": "x", "password": "x"}, organization_id=org, purpose="snapshot source"),
        "mark": load_signing_key(body.patient.home, given=KEY).mark,
        "org": org,
    }
    for statement in (
        """
        INSERT INTO message_channels (organization_id, channel, provider, settings, secrets)
        VALUES (%(org)s, 'email', 'smtp',
            '{"host": "mail.example", "port": "587", "tls": "starttls", "user": "u", "from": "a@b.example"}',
            %(channel)s)
        """,
        "UPDATE snapshot_sources SET sealed = %(source)s WHERE organization_id = %(org)s",
        """
        INSERT INTO webhook_endpoints (organization_id, url, event_types, salt, key_mark)
        VALUES (%(org)s, 'https://example.com', '{operation.completed}', sha256('x'), %(mark)s)
        """,
    ):
        body.conn.execute(statement.encode(), sealed)
    assert not _found(body, signing_key=KEY)
    assert (
        _names(_found(body, signing_key="j" * 40))
        == _names(_found(body))
        == [
            "the signing key is the one of all webhooks",
            "every channel can be used as it is set up",
            "the credentials of every source can be opened",
        ]
    )
    assert not (body.patient.home / "signing.key").exists()


def test_a_channel_with_settings_that_cannot_be_used_is_found(body: Body) -> None:
    body.conn.execute(
        """
        INSERT INTO message_channels (organization_id, channel, provider, settings) VALUES (%(org)s, 'email', 'smtp',
            '{"host": "mail.example", "port": "none", "tls": "starttls", "user": "", "from": "a@b.example"}')
        """,
        {"org": body.organization.id},
    )
    (found,) = _found(body, signing_key=KEY)
    assert "channel email: port must be a number" in found


def _names(found: list[str]) -> list[str]:
    return [text.partition(": ")[0] for text in found]
