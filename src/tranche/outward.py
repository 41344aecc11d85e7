"""What prints invoices, sends messages and keeps files, put together from settings; see `modules` for who uses it."""

from dataclasses import dataclass

from tranche.invoicing.printing.printer import Printer
from tranche.kernel.db.pool import Database
from tranche.kernel.notify.mail import read_sender
from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.secrets import SecretBox
from tranche.kernel.settings import Settings
from tranche.kernel.storage.cache import Cache
from tranche.kernel.storage.domain import Files, Storage
from tranche.kernel.storage.local import LocalFiles
from tranche.kernel.storage.s3 import Bucket, S3Files
from tranche.messaging.channels.opening import Surroundings
from tranche.messaging.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """What prints invoices and sends messages for one process."""

    database: Database
    files: Files
    printer: Printer
    delivery: Delivery
    secret_box: SecretBox
    surroundings: Surroundings

    def close(self) -> None:
        """End the printing children and the connections to providers."""
        self.printer.close()
        self.delivery.close()


def make_outward(settings: Settings, *, database: Database, files: Files, key: SigningKey) -> Outward:
    """Printer and delivery from settings; neither starts or opens anything before it is needed."""
    box, around = SecretBox(key.derive("secrets")), make_surroundings(settings)
    return Outward(
        database=database,
        files=files,
        printer=Printer(size=settings.worker_slots),
        delivery=Delivery(files, box, around, public_url=settings.public_url),
        secret_box=box,
        surroundings=around,
    )


def make_surroundings(settings: Settings) -> Surroundings:
    """What channels need of this installation."""
    return Surroundings(
        home=settings.home, sender=read_sender(settings.mail_from), allow_private=settings.webhook_allow_private
    )


def make_storage(settings: Settings) -> Storage:
    """Where files are kept: the bucket that is named, else a folder of the home. Nothing is opened yet."""
    if settings.s3_bucket is None:
        return LocalFiles(settings.home / "files")
    bucket = Bucket(
        name=settings.s3_bucket,
        prefix=settings.s3_prefix,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
    )
    return S3Files(bucket, cache=Cache(settings.home / "cache", most_bytes=settings.s3_cache_bytes))
