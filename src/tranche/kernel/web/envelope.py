"""Document 5's envelope, which every endpoint uses that no document names."""

from datetime import UTC, datetime
from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType

from tranche.kernel.context import Context
from tranche.kernel.web.errors import Metadata
from tranche.kernel.web.json import Out
from tranche.kernel.web.pagination import Cursors, PageLinks

T = TypeVar("T")


class Envelope(Out, Generic[T], frozen=True):
    """`success`, `message`, `data`, `pagination` or `cursors` (lists only), `metadata`."""

    message: str
    data: T
    metadata: Metadata
    pagination: PageLinks | UnsetType = UNSET
    cursors: Cursors | UnsetType = UNSET
    success: bool = True


def envelope(ctx: Context, data: T, *, message: str, links: PageLinks | Cursors | None = None) -> Envelope[T]:
    """Wrap an answer to this caller's request."""
    return Envelope(
        message=message,
        data=data,
        metadata=Metadata(request_id=ctx.request_id, timestamp=datetime.now(UTC)),
        pagination=links if isinstance(links, PageLinks) else UNSET,
        cursors=links if isinstance(links, Cursors) else UNSET,
    )
