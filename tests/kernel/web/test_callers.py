"""Who shows a key is remembered for a second, and not a moment longer than that."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tranche.kernel.context import Context, Role
from tranche.kernel.web.callers import REMEMBERED, Callers
from tranche.kernel.web.threads import Lane


class House:
    """Keys with their callers, how often each was looked up, and a clock."""

    def __init__(self) -> None:
        self.keys = {"ada": Context(organization_id=1, role=Role.ADMIN, user_id=1)}
        self.asked: list[str] = []
        self.now = 100.0
        self.meanwhile: Callable[[], None] | None = None

    def find(self, token: str) -> Context | None:
        self.asked.append(token)
        found = self.keys.get(token)
        if self.meanwhile is not None:
            self.meanwhile()
        return found


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def callers(house: House) -> Iterator[Callers]:
    lane = Lane("test", size=1)
    yield Callers(house.find, lane, clock=lambda: house.now)
    lane.close()


def run(act: Awaitable[Context | None]) -> Context | None:
    async def wait() -> Context | None:
        return await act

    return asyncio.run(wait())


def test_a_caller_is_looked_up_once_a_second(callers: Callers, house: House) -> None:
    assert run(callers.find("ada")) == house.keys["ada"]
    house.now += REMEMBERED * 0.99
    assert run(callers.find("ada")) == house.keys["ada"]
    assert house.asked == ["ada"]
    house.now += REMEMBERED * 0.01
    run(callers.find("ada"))
    assert house.asked == ["ada", "ada"]


def test_a_revoked_key_opens_nothing_after_a_second(callers: Callers, house: House) -> None:
    run(callers.find("ada"))
    del house.keys["ada"]
    house.now += REMEMBERED
    assert run(callers.find("ada")) is None


def test_nobody_is_not_remembered(callers: Callers, house: House) -> None:
    assert run(callers.find("ben")) is None
    house.keys["ben"] = Context(organization_id=1, role=Role.VIEWER, user_id=2)
    assert run(callers.find("ben")) == house.keys["ben"]


def test_after_a_change_everybody_is_looked_up_anew(callers: Callers, house: House) -> None:
    run(callers.find("ada"))
    callers.forget()
    del house.keys["ada"]
    assert run(callers.find("ada")) is None


def test_what_was_looked_up_before_a_change_is_not_remembered_after_it(callers: Callers, house: House) -> None:
    house.meanwhile = callers.forget
    run(callers.find("ada"))
    house.meanwhile = None
    del house.keys["ada"]
    assert run(callers.find("ada")) is None
