"""How hard the faults strike: small in `make check`, long in `make chaos` (TRANCHE_CHAOS=long)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes, rounds and the product's time limits (all in seconds) of one run of the chaos tests.

    `session` is what a database address of these processes ends in: settings of its sessions.
    """

    is_long: bool
    orders: int
    kills: int
    between_kills: tuple[float, float]
    resumed_within: float
    rounds: int
    session: str
    timings: Mapping[str, str]


_CHECK = Scale(
    is_long=False,
    orders=10_000,
    kills=6,
    between_kills=(0.1, 0.6),
    resumed_within=10.0,
    rounds=1,
    session="&options=-c%20idle_in_transaction_session_timeout%3D3s",
    timings={
        "TRANCHE_HEARTBEAT_SECONDS": "0.4",
        "TRANCHE_DEAD_AFTER_SECONDS": "3",
        "TRANCHE_SWEEP_SECONDS": "0.5",
        "TRANCHE_SLICE_SECONDS": "0.5",
        "TRANCHE_CHUNK_SECONDS": "0.3",
        "TRANCHE_SHUTDOWN_SECONDS": "6",
    },
)

# The time limits of the product itself: what it promises is promised with these.
_LONG = Scale(
    is_long=True,
    orders=30_000,
    kills=24,
    between_kills=(0.3, 3.0),
    resumed_within=15.0,
    rounds=5,
    session="",
    timings={},
)

SCALE = _LONG if os.environ.get("TRANCHE_CHAOS") == "long" else _CHECK
