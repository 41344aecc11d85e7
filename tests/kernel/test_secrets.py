"""Sealed secrets: opened only by the key, the organization and the purpose that sealed them."""

import pytest

from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.secrets import SealedElsewhere, SecretBox

_SECRETS = {"password": "tiger é", "token": ""}


def _box(text: str = "a" * 32) -> SecretBox:
    return SecretBox(SigningKey(text.encode()).derive("secrets"))


def test_what_was_sealed_opens_and_cannot_be_read_without() -> None:
    sealed = _box().seal(_SECRETS, organization_id=7, purpose="source")
    assert _box().open(sealed, organization_id=7, purpose="source") == _SECRETS
    assert b"tiger" not in sealed
    assert sealed != _box().seal(_SECRETS, organization_id=7, purpose="source")


@pytest.mark.parametrize(
    ("box", "organization_id", "purpose"), [(_box("b" * 32), 7, "source"), (_box(), 8, "source"), (_box(), 7, "smtp")]
)
def test_another_key_organization_or_purpose_opens_nothing(box: SecretBox, organization_id: int, purpose: str) -> None:
    sealed = _box().seal(_SECRETS, organization_id=7, purpose="source")
    with pytest.raises(SealedElsewhere, match="TRANCHE_SIGNING_KEY"):
        box.open(sealed, organization_id=organization_id, purpose=purpose)


@pytest.mark.parametrize("place", [5, 15, -1])
def test_changed_bytes_do_not_open(place: int) -> None:
    sealed = bytearray(_box().seal(_SECRETS, organization_id=7, purpose="source"))
    sealed[place] ^= 1
    with pytest.raises(SealedElsewhere):
        _box().open(bytes(sealed), organization_id=7, purpose="source")


def test_derived_keys_differ_by_purpose() -> None:
    key = SigningKey(b"a" * 32)
    assert key.derive("secrets") != key.derive("more")
    assert len(key.derive("secrets")) == 32
