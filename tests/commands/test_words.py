"""What a command shows while work runs is in words, whatever the kind of work."""

from pathlib import Path

from tranche.kernel.client.watch import PHASES
from tranche.kernel.db.pool import Database
from tranche.kernel.notify.signing import SigningKey
from tranche.kernel.settings import Settings
from tranche.kernel.storage.local import LocalFiles
from tranche.modules import make_modules, make_registry
from tranche.outward import make_outward


def test_every_phase_of_every_kind_of_work_has_words(database: Database, tmp_path: Path) -> None:
    settings, files = Settings(home=tmp_path), LocalFiles(tmp_path / "files")
    outward = make_outward(settings, database=database, files=files, key=SigningKey(bytes(32)))
    registry = make_registry(make_modules(settings, files=files, outward=outward))
    names = {phase.name for handler in registry for phase in handler.phases}
    assert {"stage", "pdf", "send", "draw"} <= names
    assert names - set(PHASES) == set()
