"""How each channel goes out: looked at, changed by an admin, opened by who sends."""

from collections.abc import Mapping
from typing import Final

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.secrets import SecretBox
from tranche.messaging.channels.opening import Account, Surroundings, check_fields, open_carrier
from tranche.messaging.domain import Channel, ChannelSettings, Provider
from tranche.messaging.queries import channels as queries

_MOST_RATE: Final = 1_000


def list_channels(conn: Connection) -> list[ChannelSettings]:
    """All channels; one that nobody has set up goes to the local outbox folder."""
    found = {row["channel"]: _settings(row) for row in queries.list_channels(conn)}
    return [found.get(channel, ChannelSettings(channel=channel)) for channel in Channel]


def get_channel(conn: Connection, *, channel: Channel) -> ChannelSettings:
    """One channel, without its secrets."""
    row = queries.find_channel(conn, channel=channel)
    return _settings(row) if row else ChannelSettings(channel=channel)


def change_channel(
    conn: Connection,
    ctx: Context,
    box: SecretBox,
    around: Surroundings,
    *,
    channel: Channel,
    provider: Provider,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    rate_per_second: float | None,
) -> ChannelSettings:
    """Set a channel up. Secrets that are left out stay as they are while the provider stays the same.

    Raises:
        Invalid: names every field that is missing or wrong.
    """
    if rate_per_second is not None and not 0 < rate_per_second <= _MOST_RATE:
        detail = f"must lie above 0 and at most at {_MOST_RATE}"
        raise Invalid(f"The rate {detail}.", errors=[FieldError("/ratePerSecond", detail)])
    row = queries.find_channel(conn, channel=channel)
    kept = _open(box, row, ctx.organization_id) if row and row["provider"] == provider else {}
    whole = {**kept, **{name: secret for name, secret in secrets.items() if secret}}
    checked = check_fields(channel, provider, settings=settings, secrets=whole)
    account = Account(
        organization_id=ctx.organization_id, channel=channel, provider=provider, settings=checked, secrets=whole
    )
    open_carrier(account, around).close()
    queries.save_channel(
        conn,
        channel=channel,
        provider=provider,
        settings=checked,
        secrets=box.seal(whole, organization_id=ctx.organization_id, purpose=_purpose(channel)) if whole else None,
        secret_names=sorted(whole),
        rate_per_second=rate_per_second,
        user_id=ctx.user_id,
    )
    audit.record(conn, ctx, action="message_channel.update", subject_id=None, detail={"channel": channel.value})
    return get_channel(conn, channel=channel)


def open_account(conn: Connection, box: SecretBox, *, organization_id: int, channel: Channel) -> tuple[Account, int]:
    """The channel with its secrets, and the version of its settings.

    Raises:
        SealedElsewhere: the secrets were sealed by another installation's key.
    """
    row = queries.find_channel(conn, channel=channel)
    if row is None:
        folder = Account(
            organization_id=organization_id, channel=channel, provider=Provider.FOLDER, settings={}, secrets={}
        )
        return folder, 0
    return read_account(row, box, organization_id=organization_id), row["version"]


def read_account(row: Row, box: SecretBox, *, organization_id: int) -> Account:
    """A stored channel, its secrets opened.

    Raises:
        SealedElsewhere: the secrets were sealed by another installation's key.
    """
    return Account(
        organization_id=organization_id,
        channel=Channel(row["channel"]),
        provider=Provider(row["provider"]),
        settings=row["settings"],
        secrets=_open(box, row, organization_id),
    )


def _open(box: SecretBox, row: Row, organization_id: int) -> dict[str, str]:
    if row["secrets"] is None:
        return {}
    return box.open(bytes(row["secrets"]), organization_id=organization_id, purpose=_purpose(Channel(row["channel"])))


def _purpose(channel: Channel) -> str:
    return f"message channel {channel}"


def _settings(row: Row) -> ChannelSettings:
    return ChannelSettings(
        channel=Channel(row["channel"]),
        provider=Provider(row["provider"]),
        settings=row["settings"],
        secret_names=tuple(row["secret_names"]),
        rate_per_second=None if row["rate_per_second"] is None else float(row["rate_per_second"]),
        version=row["version"],
        updated_at=row["updated_at"],
    )
