"""Numbers of bank accounts: whether an IBAN is one (ISO 13616); pure."""

import re
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_MEANT: Final = re.compile(r"IBAN|[A-Z]{2}\d{2}")  # what begins so is meant for one; elsewhere accounts are digits
# How many characters an IBAN has in the countries that euro transfers reach, as ISO 13616 registers them.
_LENGTHS: Final = {
    country: length
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI NL"),
        (19, "SI"),
        (20, "AT EE LT LU"),
        (21, "CH HR LI LV"),
        (22, "BG DE GB IE VA"),
        (23, "GI"),
        (24, "AD CZ ES RO SE SK"),
        (25, "PT"),
        (26, "IS"),
        (27, "FR GR IT MC SM"),
        (28, "CY HU PL"),
        (31, "MT"),
    )
    for country in countries.split()
}


def compact_iban(text: str | None) -> str | None:
    """The IBAN without blanks if its length and check digits hold, else None."""
    iban = _squeeze(text)
    return iban if _IBAN.fullmatch(iban) and _find_fault(iban) is None else None


def find_iban_fault(text: str | None) -> str | None:
    """What is wrong with what is meant for an IBAN; None also for an account number of a country that has none."""
    iban = _squeeze(text)
    return _find_fault(iban) if _MEANT.match(iban) else None


def _squeeze(text: str | None) -> str:
    return re.sub(r"\s", "", text or "").upper()


def _find_fault(iban: str) -> str | None:
    if not _IBAN.fullmatch(iban):
        return "must be an IBAN, such as DE89 3704 0044 0532 0130 00: two letters, then 13 to 32 digits and letters"
    length = _LENGTHS.get(iban[:2], len(iban))
    if len(iban) != length:
        return f"must have {length} characters, as every IBAN that begins with {iban[:2]}; it has {len(iban)}"
    number = "".join(str(int(char, 36)) for char in iban[4:] + iban[:4])
    if int(number) % 97 != 1:  # ISO 7064 MOD 97-10
        return "is mistyped: its check digits do not fit"
    return None
