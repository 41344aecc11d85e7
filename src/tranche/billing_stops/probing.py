"""A look at a source as a run would take it, without a run."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import Source, SourceAway, SourceFault, cutoff
from tranche.billing_stops.sources.feed import Feed
from tranche.billing_stops.sources.making import Readers
from tranche.billing_stops.sources.port import Wanted
from tranche.billing_stops.sources.query_files import read_query
from tranche.kernel.errors import Unavailable

_SECONDS: Final = 30
_PATIENCE: Final = 35.0  # a little more, so that a server that is well ends its query itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was seen: the source's moment, and how many rows its first part had."""

    as_of: datetime | None
    rows: int


def probe(readers: Readers, source: Source, data_set: DataSet, *, organization_id: int) -> Probe:
    """Connect, run the query, take the first part.

    Raises:
        SourceRefused, BadRow: something must be changed.
        Unavailable: the source does not answer.
    """
    query = "" if source.settings.file else read_query(readers.home, source.settings.query or data_set.query)
    day = datetime.now(UTC).date()
    quick = replace(source, settings=msgspec.structs.replace(source.settings, timeout_seconds=_SECONDS))
    wanted = Wanted(data_set=data_set, query=query, cutoff=cutoff(source.settings, batch_date=day))
    try:
        reader = readers.make(quick, organization_id=organization_id)
        with (
            reader.open(wanted) as reading,
            closing(Feed(reading, idle=_go_on, first_seconds=_PATIENCE).parts()) as parts,
        ):
            first = next(parts, None)
            return Probe(as_of=reading.as_of, rows=first.rows if first else 0)
    except SourceFault as error:
        message = error.what if isinstance(error, SourceAway) else error.message  # of a run there is nothing to say
        raise Unavailable(message, code=error.error_code, retry_after=30) from error


def _go_on() -> None:
    """Nobody can call a look off."""
