"""Roles and callers."""

import pytest

from tranche.kernel.context import Context, Role


@pytest.mark.parametrize(
    ("held", "needed", "covers"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.VIEWER, True),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.OPERATOR, True),
    ],
)
def test_a_role_covers_itself_and_those_below(held: Role, needed: Role, *, covers: bool) -> None:
    assert held.covers(needed) is covers


def test_a_key_is_a_caller_of_its_own() -> None:
    person = Context(organization_id=1, role=Role.ADMIN, user_id=7)
    key = Context(organization_id=1, role=Role.ADMIN, user_id=7, api_key_id=3)
    assert (person.caller, key.caller) == ("user:7", "key:3")
