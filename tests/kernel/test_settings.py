"""Settings: what the environment may say, and what a wrong variable is told."""

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from tranche.kernel.errors import Invalid
from tranche.kernel.settings import BatchesApi, Settings, variable
from tranche.kernel.strays import OF_COMMANDS

GUIDE = (Path(__file__).resolve().parents[2] / "docs/operating.md").read_text()


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.load({})
    assert settings.port == 8080
    assert settings.database_url is None
    assert settings.batches_api is BatchesApi.INVENTORY
    assert settings.home == Path.home() / ".tranche"


def test_every_field_is_read_from_its_variable() -> None:
    settings = Settings.load(
        {
            "DATABASE_URL": "postgresql://plain@db/tranche",
            "TRANCHE_HOME": "/srv/tranche",
            "TRANCHE_PORT": " 9000 ",
            "TRANCHE_SWEEP_SECONDS": "0.5",
            "TRANCHE_BATCHES_API": "orders",
            "TRANCHE_PG_BIN": "",
        }
    )
    assert settings.database_url == "postgresql://plain@db/tranche"
    assert settings.home == Path("/srv/tranche")
    assert settings.port == 9000
    assert settings.sweep_seconds == 0.5
    assert settings.batches_api is BatchesApi.ORDERS
    assert settings.pg_bin is None


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("FALSE", False), ("", False)])
def test_a_flag_is_true_or_false(text: str, flag: bool) -> None:  # noqa: FBT001  # a table
    assert Settings.load({"TRANCHE_WEBHOOK_ALLOW_PRIVATE": text}).webhook_allow_private is flag


def test_settings_do_not_show_their_secrets() -> None:
    secrets = {"TRANCHE_SMTP_URL": "smtp://u:hush@h", "TRANCHE_SIGNING_KEY": "hush", "TRANCHE_ALERTS": "slack:hush"}
    assert "hush" not in repr(Settings.load(secrets))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRANCHE_PORT", "eighty", "a whole number"),
        ("TRANCHE_SWEEP_SECONDS", "soon", "a number"),
        ("TRANCHE_BATCHES_API", "both", "one of inventory, orders"),
        ("TRANCHE_WEBHOOK_ALLOW_PRIVATE", "yes", "true or false"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_must_be(name: str, value: str, told: str) -> None:
    with pytest.raises(Invalid, match=f"{name} is '{value}'; it must be {told}"):
        Settings.load({name: value})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRANCHE_PORT", "65536", "a whole number from 0 to 65,535."),
        ("TRANCHE_POOL_SIZE", "0", "a whole number from 1 to 1,000."),
        ("TRANCHE_WORKER_SLOTS", "0", "a whole number from 1 to 100."),
        ("TRANCHE_RATE_PER_MINUTE", "0", "a whole number of at least 1."),
        ("TRANCHE_MAX_UPLOAD_BYTES", "-5", "a whole number of at least 1."),
        ("TRANCHE_HEARTBEAT_SECONDS", "0", "a number from 0.1 to 20."),
        ("TRANCHE_SWEEP_SECONDS", "nan", "a number from 0.1 to 3,600."),
        ("TRANCHE_SWEEP_SECONDS", "inf", "a number from 0.1 to 3,600."),
        ("TRANCHE_DEAD_AFTER_SECONDS", "2", "more than TRANCHE_HEARTBEAT_SECONDS, which is 2."),
        ("TRANCHE_TRUSTED_PROXY", "abc", "an IP address such as 10.0.0.1, a network such as 10.0.0.0/8, or several"),
        ("TRANCHE_PUBLIC_URL", "foo", "an address that begins with http:// or https:// and names a host."),
        ("TRANCHE_S3_BUCKET", "a b", "the name of a bucket: letters, digits, dots and dashes."),
        ("TRANCHE_S3_PREFIX", "../x", "names of folders with / between them, such as tranche/live."),
        ("TRANCHE_S3_ENDPOINT", "foo", "an address that begins with http:// or https:// and names a host."),
    ],
)
def test_what_cannot_be_is_named_with_what_it_must_be(name: str, value: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        Settings.load({name: value})
    assert refused.value.message.startswith(f"{name} is '{value}'; it must be {told}")


def test_silence_counts_from_the_heartbeat_that_is_set() -> None:
    assert (
        Settings.load({"TRANCHE_HEARTBEAT_SECONDS": "0.5", "TRANCHE_DEAD_AFTER_SECONDS": "1"}).dead_after_seconds == 1
    )
    with pytest.raises(Invalid, match="TRANCHE_DEAD_AFTER_SECONDS is '8'; it must be more than TRANCHE_HEART"):
        Settings.load({"TRANCHE_HEARTBEAT_SECONDS": "9"})


def test_the_operating_guide_lists_variables_that_exist() -> None:
    named = set(re.findall(r"\b(?:TRANCHE|DATABASE)_[A-Z_]+\b", GUIDE))
    assert named
    assert named <= {variable(name) for name in Settings.__dataclass_fields__} | OF_COMMANDS


def test_the_operating_guide_has_each_variable_once_with_its_default() -> None:
    table = GUIDE.split("## Settings\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    named = [(name.strip(" `"), default) for names, told in rows for name, default in _pairs(names, told)]
    assert Counter(name for name, _ in named) == Counter(
        [*(variable(name) for name in Settings.__dataclass_fields__), *OF_COMMANDS]
    )
    told = dict(named)
    for field in fields(Settings):
        if isinstance(field.default, bool | int | float) or (isinstance(field.default, str) and field.default):
            assert told[variable(field.name)] == _as_told(field.default), field.name


def _pairs(names: str, told: str) -> list[tuple[str, str]]:
    """The variables of a row, each with its default as it is told; figures without their commas."""
    ours, plain = names.split(", "), re.sub(r"(?<=\d),(?=\d)", "", told)
    defaults = plain.split(", ") if len(ours) > 1 else [plain]
    return [(name, default.strip(" `")) for name, default in zip(ours, defaults, strict=True)]


def _as_told(default: float | str) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return default if isinstance(default, str) else f"{default:.0f}"
