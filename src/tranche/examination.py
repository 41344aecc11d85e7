"""What `tranche doctor` examines besides the database, put together from settings."""

from collections.abc import Sequence
from functools import partial

from tranche.billing_stops.examining import make_probe as make_source_probe
from tranche.invoicing.printing.probing import PROBES as PRINTING_PROBES
from tranche.kernel.doctor.service import Patient
from tranche.kernel.errors import NotFound
from tranche.kernel.module import Check
from tranche.kernel.notify.probing import make_key_probe, make_mail_probe
from tranche.kernel.notify.signing import KEY_FILE, SigningKey, load_signing_key
from tranche.kernel.secrets import SecretBox
from tranche.kernel.settings import Settings
from tranche.kernel.storage.domain import Storage
from tranche.messaging.probing import make_probe as make_channel_probe
from tranche.outward import make_surroundings


def make_patient(settings: Settings, checks: Sequence[Check], *, files: Storage) -> Patient:
    """The modules' checks, the storage, and what this machine needs: key, channels, sources, mail server, fonts."""
    box = partial(_find_box, settings)
    mail = make_mail_probe(settings.smtp_url, password_file=settings.smtp_password_file, mail_from=settings.mail_from)
    return Patient(
        checks=checks,
        probes=(
            *PRINTING_PROBES,
            mail,
            make_key_probe(partial(_find_key, settings)),
            make_channel_probe(box, partial(make_surroundings, settings)),
            make_source_probe(box),
        ),
        storage=files,
        home=settings.home,
    )


def _find_box(settings: Settings) -> SecretBox:
    return SecretBox(_find_key(settings).derive("secrets"))


def _find_key(settings: Settings) -> SigningKey:
    """The key, for those who only look: none is made where there is none."""
    if settings.signing_key is None and not (settings.home / KEY_FILE).exists():
        raise NotFound(
            f"This machine has no signing key: TRANCHE_SIGNING_KEY is not set, and the home has no {KEY_FILE}."
        )
    return load_signing_key(settings.home, given=settings.signing_key)
