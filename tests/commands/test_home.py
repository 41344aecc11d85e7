"""The folder of an installation: a key for its user alone, an address while it is up, one process that has it."""

import stat
from pathlib import Path

import pytest

from tranche.commands.home import AlreadyUp, Home


def test_the_key_is_for_its_user_alone_whatever_was_there(home: Path) -> None:
    own = Home(home)
    own.write_key("trn_one")
    own.key_file.chmod(0o644)
    own.write_key("trn_two")
    assert own.read_key() == "trn_two"
    assert stat.S_IMODE(own.key_file.stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["key"]


def test_a_home_without_a_key_has_none(home: Path) -> None:
    assert Home(home).read_key() is None


def test_one_at_a_time_has_a_home_and_the_address_goes_with_it(home: Path) -> None:
    with Home(home).held():
        Home(home).write_url("http://127.0.0.1:8080")
        with pytest.raises(AlreadyUp, match=r"at http://127\.0\.0\.1:8080"), Home(home).held():
            raise AssertionError
        assert Home(home).read_url() == "http://127.0.0.1:8080"
    assert Home(home).read_url() is None
    with Home(home).held():
        assert True
