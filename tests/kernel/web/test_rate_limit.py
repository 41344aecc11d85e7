"""Windows of requests per caller and per organization."""

from tranche.kernel.context import Context, Role
from tranche.kernel.web.rate_limit import RateLimiter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def caller(organization_id: int, user_id: int) -> Context:
    return Context(organization_id=organization_id, role=Role.VIEWER, user_id=user_id)


def test_a_caller_is_held_and_another_is_not() -> None:
    limiter = RateLimiter(per_caller=2, per_organization=100, clock=Clock())
    assert [limiter.take(caller(1, 1)).allowed for _ in range(3)] == [True, True, False]
    assert limiter.take(caller(1, 2)).allowed
    assert limiter.take(caller(2, 1)).allowed


def test_an_organization_is_held_whoever_asks() -> None:
    limiter = RateLimiter(per_caller=10, per_organization=3, clock=Clock())
    taken = [limiter.take(caller(1, user)) for user in (1, 2, 3, 4)]
    assert [one.allowed for one in taken] == [True, True, True, False]
    assert [one.remaining for one in taken] == [2, 1, 0, 0]
    assert taken[3].limit == 3


def test_a_refused_request_does_not_count_against_the_organization() -> None:
    limiter = RateLimiter(per_caller=1, per_organization=2, clock=Clock())
    for _ in range(10):
        limiter.take(caller(1, 1))
    assert limiter.take(caller(1, 2)).allowed


def test_a_new_window_starts_afresh() -> None:
    clock = Clock()
    limiter = RateLimiter(per_caller=1, per_organization=100, clock=clock)
    limiter.take(caller(1, 1))
    refused = limiter.take(caller(1, 1))
    assert (refused.allowed, refused.reset) == (False, 60)
    clock.now = 60
    assert limiter.take(caller(1, 1)).allowed
