"""Variables that look like settings and are none."""

import re
from pathlib import Path

import pytest

from tranche.kernel.client.address import API_KEY, URL
from tranche.kernel.client.options import BRANCH
from tranche.kernel.strays import OF_COMMANDS, OF_TESTS, Stray, find_strays

_TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("TRANCHE_WORKRES", "TRANCHE_WORKER_SLOTS"),
        ("TRANCHE_WORKER_SLOT", "TRANCHE_WORKER_SLOTS"),
        ("TRANCHE_PROT", "TRANCHE_PORT"),
        ("TRANCHE_DATABASE_URL", "DATABASE_URL"),
        ("TRANCHE_S3BUCKET", "TRANCHE_S3_BUCKET"),
        ("TRANCHE_APIKEY", "TRANCHE_API_KEY"),
        ("TRANCHE_ZZZ", None),
    ],
)
def test_a_mistyped_setting_is_told_with_the_nearest_one(mistyped: str, meant: str | None) -> None:
    assert find_strays({mistyped: "4", "PATH": "/bin"}) == [Stray(mistyped, meant)]


def test_settings_and_what_commands_and_tests_read_are_no_strays() -> None:
    assert {URL, API_KEY, BRANCH} == OF_COMMANDS
    read = re.compile(r'(?:environ(?:\.get\(|\[)|^_HOME = )"(TRANCHE_[A-Z_]+)"', re.MULTILINE)
    assert {name for file in _TESTS.rglob("*.py") for name in read.findall(file.read_text())} == OF_TESTS
    assert not find_strays(dict.fromkeys([*OF_TESTS, *OF_COMMANDS, "TRANCHE_PORT", "DATABASE_URL"], "1"))


def test_what_a_cluster_sets_for_its_services_is_no_stray() -> None:
    links = {
        "TRANCHE_SERVICE_HOST": "10.0.0.1",
        "TRANCHE_SERVICE_PORT": "80",
        "TRANCHE_SERVICE_PORT_HTTP": "80",
        "TRANCHE_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "TRANCHE_PORT_8080_TCP_ADDR": "10.0.0.1",
        "TRANCHE_PORT_8080_TCP_PROTO": "tcp",
        "TRANCHE_SERVER_SERVICE_HOST": "10.0.0.1",
        "TRANCHE_SERVER_PORT": "tcp://10.0.0.1:80",
        "TRANCHE_SERVER_PORT_80_TCP_PORT": "80",
    }
    assert not find_strays(links)
