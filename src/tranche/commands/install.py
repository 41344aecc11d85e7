"""An installation made ready to serve: the schema of this release, a role that the walls hold, a key."""

from tranche.commands.database import Addresses
from tranche.commands.home import Home
from tranche.commands.local_key import COMPANY, ensure_key
from tranche.commands.queries import reaching
from tranche.kernel.db.listen import require_listening
from tranche.kernel.db.migrate import migrate
from tranche.kernel.db.pool import Database
from tranche.kernel.settings import Settings
from tranche.worker import check_database, check_post


def prepare(addresses: Addresses, home: Home, *, company: str = COMPANY) -> str | None:
    """Migrate where the owner's address is known, check, and answer the key of this machine if there is one.

    Raises:
        TrancheError: the role or the schema is not right, or the database is away.
    """
    if addresses.owner is not None:
        with reaching("TRANCHE_OWNER_URL"):
            migrate(addresses.owner)
    url = addresses.require_app()
    require_ready(url)
    database = Database(url, size=2, name="tranche start").open()
    try:
        return ensure_key(home, database, owner_url=addresses.owner, company=company)
    finally:
        database.close()


def require_serving(settings: Settings, url: str) -> None:
    """As `require_ready`, that notifications will arrive, and that what workers send by can be read.

    Raises:
        TrancheError: says what to do.
    """
    check_post(settings)
    require_ready(url)
    with reaching("DATABASE_URL"):
        require_listening(url, listen_url=settings.listen_url)


def require_ready(url: str) -> None:
    """Refuse a database that is away, a role above the walls and a schema of another release.

    Raises:
        TrancheError: says what to do.
    """
    with reaching("DATABASE_URL"):
        check_database(url)
