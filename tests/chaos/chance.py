"""Chance that can be had again: each test tells its seed, and TRANCHE_SEED gives that one once more."""

import os
import random
import secrets
import sys


def draw_seed() -> int:
    """A new seed, or the one of TRANCHE_SEED; the output of the test says which."""
    seed = int(os.environ.get("TRANCHE_SEED") or secrets.randbits(32))
    sys.stdout.write(f"seed {seed}\n")
    return seed


def make_chance() -> random.Random:
    """A source of chance from such a seed."""
    return random.Random(draw_seed())  # noqa: S311  # a seed that can be given again, not a secret
