"""Twilio, WhatsApp's Cloud API and a gateway over HTTP, which a local server plays."""

import json
from urllib.parse import parse_qs

import pytest

from tests.kernel.notify.receiver import Receiver
from tests.messaging.house import PUBLIC, SECRET, House
from tranche.kernel.errors import Invalid
from tranche.kernel.secrets import SealedElsewhere, SecretBox
from tranche.messaging import service
from tranche.messaging.domain import Channel, Provider, State

TWILIO = {"account_sid": "AC1", "from": "+15005550006"}
CLOUD = {"phone_number_id": "77"}
CLOUD_SECRETS = {"access_token": "t", "app_secret": "app", "verify_token": "v"}


def by_twilio(house: House, provider: Receiver, channel: Channel = Channel.SMS) -> None:
    settings = {**TWILIO, "base_url": provider.url}
    house.set_up(channel, Provider.TWILIO, settings=settings, secrets={"auth_token": "token"})
    provider.status, provider.body = 201, b'{"sid": "SM1", "status": "queued"}'


def by_cloud(house: House, provider: Receiver, **more: str) -> None:
    settings = {**CLOUD, "base_url": provider.url, **more}
    house.set_up(Channel.WHATSAPP, Provider.WHATSAPP_CLOUD, settings=settings, secrets=CLOUD_SECRETS)
    provider.body = b'{"id": "media-1", "messages": [{"id": "wamid.1"}]}'


def by_gateway(house: House, provider: Receiver, **more: str) -> None:
    settings = {"url": f"{provider.url}/sms", "key_field": "ref", **more}
    secrets = {"authorization": "Bearer g", "callback_secret": SECRET}
    house.set_up(Channel.SMS, Provider.HTTP, settings=settings, secrets=secrets)
    provider.body = b'{"id": 4711}'


def test_twilio_gets_the_number_the_words_and_where_to_call_back(house: House, provider: Receiver) -> None:
    by_twilio(house, provider)
    message = house.queue(Channel.SMS)
    assert house.send(message).is_sent
    (request,) = provider.requests
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"].startswith("Basic ")
    form = parse_qs(request.body.decode())
    assert form["To"] == ["+4930123456"]
    assert form["StatusCallback"] == [f"{PUBLIC}/api/message-callbacks/{house.context.organization_id}/sms"]
    assert house.look(message).provider_id == "SM1"


def test_twilio_takes_whatsapp_too(house: House, provider: Receiver) -> None:
    by_twilio(house, provider, Channel.WHATSAPP)
    house.send(house.queue(Channel.WHATSAPP))
    assert parse_qs(provider.requests[0].body.decode())["To"] == ["whatsapp:+4930123456"]


@pytest.mark.parametrize(
    ("status", "body", "code", "is_permanent", "is_suppressed"),
    [
        (400, b'{"code": 21211, "message": "Invalid To"}', "unreachable", True, True),
        (400, b'{"code": 21617, "message": "Too long"}', "refused", True, False),
        (429, b"{}", "deferred", False, False),
        (503, b"gone", "deferred", False, False),
        (401, b'{"code": 20003}', "login", False, False),
    ],
)
def test_what_twilio_refuses_is_told_apart(
    house: House, provider: Receiver, *, status: int, body: bytes, code: str, is_permanent: bool, is_suppressed: bool
) -> None:
    by_twilio(house, provider)
    provider.status, provider.body, provider.headers = status, body, {"Retry-After": "7"}
    message = house.queue(Channel.SMS)
    outcome = house.send(message, may_repeat=True)
    assert (outcome.error_code, outcome.is_permanent) == (code, is_permanent)
    assert house.stands(message) is (State.FAILED if is_permanent else State.QUEUED)
    assert house.is_suppressed(Channel.SMS) is is_suppressed
    if status == 429:
        assert outcome.retry_after == 7


def test_whatsapp_uploads_the_file_and_sends_it_as_a_document(house: House, provider: Receiver) -> None:
    by_cloud(house, provider)
    message = house.queue(Channel.WHATSAPP, attachments=(house.attach(),))
    assert house.send(message).is_sent
    upload, sending = provider.requests
    assert upload.path == "/77/media"
    assert b"%PDF-1.7 invoice" in upload.body
    assert sending.path == "/77/messages"
    body = json.loads(sending.body)
    assert (body["to"], body["type"]) == ("4930123456", "document")
    assert body["document"] == {"id": "media-1", "filename": "INV-1.pdf", "caption": "Here it is.\n"}
    assert house.look(message).provider_id == "wamid.1"


def test_whatsapp_sends_an_approved_template_where_one_is_set(house: House, provider: Receiver) -> None:
    by_cloud(house, provider, template_name="invoice_ready", template_language="de")
    house.send(house.queue(Channel.WHATSAPP, attachments=(house.attach(),)))
    template = json.loads(provider.requests[-1].body)["template"]
    assert (template["name"], template["language"]) == ("invoice_ready", {"code": "de"})
    assert [part["type"] for part in template["components"]] == ["header", "body"]


def test_whatsapp_that_is_busy_is_asked_again_and_a_dead_number_is_not(house: House, provider: Receiver) -> None:
    by_cloud(house, provider)
    provider.status, provider.body = 400, b'{"error": {"code": 130429, "message": "Rate limit"}}'
    assert not house.send(house.queue(Channel.WHATSAPP), may_repeat=True).is_permanent
    provider.body = b'{"error": {"code": 131026, "message": "Not on WhatsApp"}}'
    assert house.send(house.queue(Channel.WHATSAPP)).error_code == "unreachable"
    assert house.is_suppressed(Channel.WHATSAPP)


def test_a_gateway_gets_the_fields_that_it_wants_and_our_own_key(house: House, provider: Receiver) -> None:
    by_gateway(house, provider, to_field="msisdn", text_field="message")
    message = house.queue(Channel.SMS)
    assert house.send(message).is_sent
    (request,) = provider.requests
    assert request.headers["authorization"] == "Bearer g"
    assert json.loads(request.body) == {"msisdn": "+4930123456", "message": "Here it is.\n", "ref": message.mail_id}
    assert house.look(message).provider_id == "4711"


def test_a_gateway_that_accepts_without_an_id_leaves_it_in_doubt(house: House, provider: Receiver) -> None:
    by_gateway(house, provider)
    provider.body = b"accepted"
    message = house.queue(Channel.SMS)
    assert house.send(message).is_unknown
    assert house.stands(message) is State.UNKNOWN


def test_secrets_are_sealed_kept_and_never_shown(house: House, provider: Receiver) -> None:
    by_twilio(house, provider)
    (row,) = house.owner.execute("SELECT secrets, settings::text AS settings FROM message_channels").fetchall()
    assert b"token" not in bytes(row["secrets"])
    assert "token" not in row["settings"]
    with house.transaction() as conn:
        shown = service.get_channel(conn, channel=Channel.SMS)
    assert shown.secret_names == ("auth_token",)
    changed = house.set_up(
        Channel.SMS, Provider.TWILIO, settings={**TWILIO, "base_url": provider.url, "from": "+1999"}, secrets={}
    )
    assert changed.secret_names == ("auth_token",)
    assert house.send(house.queue(Channel.SMS)).is_sent
    with house.transaction() as conn, pytest.raises(SealedElsewhere):
        service.open_account(
            conn, SecretBox(b"x" * 32), organization_id=house.context.organization_id, channel=Channel.SMS
        )


@pytest.mark.parametrize(
    ("provider_name", "settings", "secrets", "pointers"),
    [
        (Provider.TWILIO, {}, {}, ["/settings/account_sid", "/settings/from", "/secrets/auth_token"]),
        (Provider.TWILIO, {**TWILIO, "odd": "x"}, {"auth_token": "t"}, ["/settings/odd"]),
        (Provider.SMTP, {}, {}, ["/provider"]),
        (Provider.HTTP, {"url": "http://x.test\n"}, {}, ["/settings/url"]),
    ],
)
def test_settings_that_are_not_complete_are_named(
    house: House, provider_name: Provider, settings: dict[str, str], secrets: dict[str, str], pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        house.set_up(Channel.SMS, provider_name, settings=settings, secrets=secrets)
    assert [error.pointer for error in caught.value.errors] == pointers


def test_a_gateway_at_a_metadata_address_is_not_called(house: House, provider: Receiver) -> None:
    by_gateway(house, provider, url="http://169.254.169.254/latest")
    message = house.queue(Channel.SMS)
    assert house.send(message).error_code == "forbidden_address"
