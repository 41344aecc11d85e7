"""Which server and which key the environment names."""

from pathlib import Path

import pytest

from tranche.kernel.client.address import find_address
from tranche.kernel.errors import Invalid, Unauthorized


def keep(home: Path, *, mode: int = 0o600, text: str = "trn_kept\n") -> dict[str, str]:
    """An environment whose home holds a key."""
    home.mkdir(exist_ok=True)
    (home / "key").write_text(text)
    (home / "key").chmod(mode)
    return {"TRANCHE_HOME": str(home)}


def test_by_default_it_is_the_local_server_with_the_kept_key(tmp_path: Path) -> None:
    address = find_address(keep(tmp_path))
    assert (address.url, address.key) == ("http://127.0.0.1:8080", "trn_kept")


def test_the_port_is_the_servers_own_setting(tmp_path: Path) -> None:
    assert find_address(keep(tmp_path) | {"TRANCHE_PORT": "9001"}).url == "http://127.0.0.1:9001"


def test_a_running_server_says_in_the_home_where_it_is_whatever_port_is_set(tmp_path: Path) -> None:
    environ = keep(tmp_path)
    (tmp_path / "url").write_text("http://127.0.0.1:41234\n")
    assert find_address(environ).url == "http://127.0.0.1:41234"
    assert find_address(environ | {"TRANCHE_PORT": "9001"}).url == "http://127.0.0.1:41234"
    assert find_address(environ | {"TRANCHE_URL": "http://127.0.0.1:9002"}).url == "http://127.0.0.1:9002"


def test_what_the_home_says_is_not_believed_when_it_is_elsewhere(tmp_path: Path) -> None:
    environ = keep(tmp_path)
    (tmp_path / "url").write_text("http://evil.example\n")
    assert find_address(environ).url == "http://127.0.0.1:8080"


def test_url_and_key_of_the_environment_come_first(tmp_path: Path) -> None:
    environ = keep(tmp_path) | {"TRANCHE_URL": "https://tranche.example/shop/", "TRANCHE_API_KEY": " trn_mine "}
    address = find_address(environ)
    assert (address.url, address.key, address.is_local) == ("https://tranche.example/shop", "trn_mine", False)


def test_the_key_is_not_shown_by_accident() -> None:
    assert "trn_mine" not in repr(find_address({"TRANCHE_API_KEY": "trn_mine"}))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Unauthorized, match="chmod 600") as refused:
        find_address(keep(tmp_path, mode=mode))
    assert f"{mode:04o}" in refused.value.message


def test_the_kept_key_is_never_sent_to_another_machine(tmp_path: Path) -> None:
    with pytest.raises(Unauthorized, match="TRANCHE_API_KEY"):
        find_address(keep(tmp_path) | {"TRANCHE_URL": "https://tranche.example"})


def test_without_a_key_one_is_told_where_it_would_be(tmp_path: Path) -> None:
    with pytest.raises(Unauthorized, match="tranche up") as refused:
        find_address({"TRANCHE_HOME": str(tmp_path)})
    assert str(tmp_path / "key") in refused.value.message


@pytest.mark.parametrize("key", ["two\nlines", "with space", "naïve", "x" * 501])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Unauthorized):
        find_address({"TRANCHE_API_KEY": key})


@pytest.mark.parametrize(
    "url", ["tranche.example", "ftp://x", "http://", "http://a:b@x", "http://x?y=1", "http://x#y", "http://x:99999"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="TRANCHE_URL"):
        find_address({"TRANCHE_URL": url, "TRANCHE_API_KEY": "trn_mine"})
