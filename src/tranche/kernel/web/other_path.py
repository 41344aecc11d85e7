"""The bare path that two documents claim: requests of the one that has it not here are told the way."""

from collections.abc import Sequence

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.settings import BatchesApi


class OtherPath(Invalid):
    """What is asked for is at another path in this installation."""

    code = "other_path"

    def __init__(self, what: str, *, path: str, setting: BatchesApi, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(
            f"{what} are at {path} here. (An operator can give them the bare path /api/batches by the setting "
            f"TRANCHE_BATCHES_API={setting}.)",
            errors=errors,
        )
