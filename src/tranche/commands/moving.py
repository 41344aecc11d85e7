"""What `tranche backup` and `tranche restore` share: how far they are, and the signing key of the home."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tranche.commands.home import Home, write_private
from tranche.kernel.backup.saving import Key
from tranche.kernel.client.bars import byte_bars
from tranche.kernel.client.output import messages, say
from tranche.kernel.db.pool import Connection, is_pooled
from tranche.kernel.errors import Invalid
from tranche.kernel.notify.signing import KEY_FILE, load_signing_key
from tranche.kernel.settings import Settings


@contextmanager
def showing(what: str, *, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere a line at the end of each step."""
    console = messages()
    if not console.is_terminal:
        done = 0

        def count(size: int) -> None:
            nonlocal done
            done += size

        yield count
        say(f"{what}: {done:,} bytes" if total is not None else f"{what}: done")
        return
    with byte_bars(console) as bars:
        task = bars.add_task(what, total=total)
        yield lambda size: bars.advance(task, size)
        if total is None:
            moved = bars.tasks[0].completed or 1
            bars.update(task, total=moved, completed=moved)


def require_direct(conn: Connection) -> None:
    """Refuse a pooler: the programs that dump and restore take part in a session of ours.

    Raises:
        Invalid: says what to set.
    """
    if is_pooled(conn):
        raise Invalid(
            "TRANCHE_OWNER_URL leads through a pooler. Set it to the direct address of PostgreSQL.", code="setting"
        )


def read_signing_key(settings: Settings, *, with_text: bool) -> Key:
    """The installation's signing key; its text only where it is kept in the home, and wanted."""
    mark = load_signing_key(settings.home, given=settings.signing_key).mark
    is_kept = with_text and settings.signing_key is None
    return Key(mark=mark, text=(settings.home / KEY_FILE).read_bytes() if is_kept else None)


def write_signing_key(settings: Settings, text: bytes) -> None:
    """Keep a signing key in the home, where only we read it."""
    Home(settings.home).make()
    write_private(settings.home / KEY_FILE, text)
