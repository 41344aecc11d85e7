"""`tranche backup` and `tranche restore`: everything comes back, and nothing that is there is lost by accident."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.buckets import S3Server, s3, s3_server
from tests.commands.conftest import Ran
from tests.commands.whole import CONTENT, SHA256, fill
from tests.databases import DatabaseUrls
from tests.factories import Organization
from tests.keeping import keep
from tranche.kernel.audit.anchors import NOTE, write_anchor
from tranche.kernel.audit.queries.seals import walk_heads
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.identity.passwords import Passwords
from tranche.kernel.identity.queries import credentials
from tranche.kernel.identity.service import Entrance, Lifetimes, find_visitor
from tranche.kernel.identity.service.entering import Entry
from tranche.kernel.settings import Settings
from tranche.kernel.storage.local import LocalFiles
from tranche.outward import make_storage

__all__ = ["s3", "s3_server"]

Call = Callable[..., Ran]
PASSWORD = "correct horse battery staple"  # noqa: S105  # of a person in a test


@pytest.fixture
def house(owner: Connection, organization: Callable[..., Organization], database: Database, home: Path) -> Organization:
    """An installation with every kind of row, a file, and a person who can sign in."""
    acme = organization()
    organization(name="Other")
    fill(owner, acme, home)
    with database.transaction(acme.id) as conn:
        email = _email(conn, acme)
        credentials.keep_hash(conn, email=email, password_hash=Passwords().hash(PASSWORD))
        credentials.join(conn, user_id=acme.user_id)
    return acme


@pytest.fixture
def empty(postgres: EmbeddedPostgres, database_urls: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """An empty database on the same server."""
    name = f"{database_urls.name}_back"
    postgres.create_database(name)
    yield DatabaseUrls(
        name=name, owner=postgres.url(OWNER_ROLE, database=name), app=postgres.url(APP_ROLE, database=name)
    )
    postgres.drop_database(name)


@dataclass(frozen=True, slots=True)
class Scene:
    """The house, a folder for backups, and another machine with an empty database of its own."""

    tranche: Call
    house: Organization
    home: Path
    other: Path
    empty: DatabaseUrls
    folder: Path
    patch: pytest.MonkeyPatch

    def move(self) -> None:
        """What is run from now on is run on the other machine."""
        self.patch.setenv("TRANCHE_HOME", str(self.other))
        self.patch.setenv("DATABASE_URL", self.empty.app)
        self.patch.setenv("TRANCHE_OWNER_URL", self.empty.owner)

    def saved(self, name: str = "saved.tar", *words: str) -> Path:
        """A backup of the house."""
        ran = self.tranche("backup", self.folder / name, *words)
        assert ran.code == 0, ran.err
        return self.folder / name


@pytest.fixture
def scene(request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(
        tranche=request.getfixturevalue("tranche"),
        house=request.getfixturevalue("house"),
        home=home,
        other=home / "elsewhere",
        empty=request.getfixturevalue("empty"),
        folder=tmp_path,
        patch=monkeypatch,
    )


def test_everything_comes_back_on_another_machine(scene: Scene, owner: Connection) -> None:
    place = scene.saved("saved")
    key = (scene.home / "signing.key").read_bytes()
    before = _rows(owner)
    scene.move()
    restored = scene.tranche("restore", place)
    assert restored.code == 0, restored.err + restored.out
    assert "checks are fine" in restored.out
    with connect(scene.empty.owner) as conn:
        assert _rows(conn) == before
    assert (scene.other / "signing.key").read_bytes() == key
    assert (scene.other / "signing.key").stat().st_mode & 0o077 == 0
    assert make_storage(Settings(home=scene.other)).open(scene.house.id, SHA256).read() == CONTENT
    assert scene.tranche("doctor", "--stopped", "--deep").code == 0
    _sign_in(scene.empty, scene.house)


def test_a_home_of_its_own_comes_back_in_a_home_of_its_own(scene: Scene) -> None:
    place = scene.saved()
    for name in ("DATABASE_URL", "TRANCHE_OWNER_URL"):
        scene.patch.delenv(name)
    scene.patch.setenv("TRANCHE_HOME", str(scene.other))
    restored = scene.tranche("restore", place)
    assert restored.code == 0, restored.err + restored.out
    assert "DATABASE_URL" not in restored.out
    with EmbeddedPostgres.start(scene.other, pg_bin=None) as server:
        _sign_in(DatabaseUrls(name="tranche", owner=server.owner_url, app=server.app_url), scene.house)
        again = scene.tranche("restore", place)
        assert again.code == 6
        assert "The database is not empty" in again.err
        replaced = scene.tranche("restore", place, "--replace", "--yes")
        assert replaced.code == 0, replaced.err


def test_the_audit_logs_anchors_are_those_of_the_moment_that_was_saved(scene: Scene, owner: Connection) -> None:
    """A seal that is made while files are copied is anchored already, and not in the dump."""
    notes = make_storage(Settings(home=scene.home))
    mine = notes.read_note(scene.house.id, NOTE)
    (head,) = walk_heads(owner)
    write_anchor(notes, replace(head, number=3, hash=bytes(32)))
    place = scene.saved()
    scene.move()
    restored = scene.tranche("restore", place)
    assert restored.code == 0, restored.err + restored.out
    assert "is not in the backup" not in restored.err
    assert make_storage(Settings(home=scene.other)).read_note(scene.house.id, NOTE) == mine


def test_a_restore_moves_an_anchor_back_and_says_what_is_lost(scene: Scene, owner: Connection) -> None:
    place, notes = scene.saved(), LocalFiles(scene.other / "files")
    scene.move()
    assert scene.tranche("restore", place).code == 0
    mine = notes.read_note(scene.house.id, NOTE)
    (head,) = walk_heads(owner)
    write_anchor(notes, replace(head, number=1, hash=bytes(32)))
    write_anchor(notes, replace(head, number=7, organization_id=999))
    again = scene.tranche("restore", place, "--replace", "--yes")
    assert again.code == 0, again.err + again.out
    assert f"The audit log of organization {scene.house.id} was sealed up to 20" in again.err
    assert "by seal 1 (000000000000). That seal is not in the backup" in again.err
    assert "organization 999 was sealed" in again.err
    assert notes.list_notes(NOTE) == [scene.house.id]
    assert notes.read_note(scene.house.id, NOTE) == mine
    assert "is not in the backup" not in scene.tranche("restore", place, "--replace", "--yes").err


def test_a_folder_again_takes_only_what_is_new(scene: Scene, database: Database) -> None:
    place = scene.saved("saved")
    (part,) = place.glob("files/*/*/*")
    first = part.stat().st_ino
    storage = make_storage(Settings(home=scene.home))
    with database.transaction(scene.house.id) as conn:
        keep(conn, storage, scene.house.id, b"more")
    again = scene.tranche("backup", place)
    assert "2 files, 1 of them new since the last backup, " in again.err
    assert part.stat().st_ino == first
    assert len(list(place.glob("files/*/*/*"))) == 2
    assert len(list(place.glob("database-*.dump"))) == 1
    assert json.loads(scene.tranche("backup", place, "--json").out)["newFiles"] == 0


def test_a_place_that_is_taken_is_left_alone_and_a_missing_file_is_named(scene: Scene) -> None:
    taken = scene.folder / "saved.tar"
    taken.write_text("mine")
    assert scene.tranche("backup", taken).code == 6
    assert taken.read_text() == "mine"
    assert scene.tranche("backup", scene.folder).code == 6
    make_storage(Settings(home=scene.home)).delete(scene.house.id, SHA256)
    ran = scene.tranche("backup", taken, "--overwrite", "--json")
    assert ran.code == 3
    assert len(json.loads(ran.out)["missing"]) == 1
    assert taken.stat().st_mode & 0o077 == 0
    assert sorted(scene.folder.iterdir()) == [taken]
    with tarfile.open(taken) as archive:
        assert "manifest.json" in archive.getnames()


def test_what_cannot_be_taken_in_is_refused_and_nothing_is_changed(scene: Scene) -> None:
    whole, folder = scene.saved(), scene.saved("saved")
    scene.move()
    _refuse_damage(scene, folder)
    _refuse_strangers(scene, folder)
    _refuse_others_at_work_and_other_keys(scene, whole)
    for content in (whole.read_bytes()[:100_000], b"no tar at all"):
        whole.write_bytes(content)
        ran = scene.tranche("restore", whole)
        assert ran.code == 2
        assert "backup" in ran.err
    with connect(scene.empty.owner) as conn:
        assert not _rows(conn)


def _refuse_damage(scene: Scene, place: Path) -> None:
    for path in (*place.glob("files/*/*/*"), *place.glob("database-*.dump")):
        content = path.read_bytes()
        path.write_bytes(b"X" + content[1:])
        ran = scene.tranche("restore", place)
        assert ran.code == 6, ran.err
        assert "is not as it was written" in ran.err
        path.write_bytes(content)


def _refuse_strangers(scene: Scene, place: Path) -> None:
    path = place / "manifest.json"
    manifest = json.loads(path.read_text())
    for change, words in (
        ({"migrations": [*manifest["migrations"], "9999_later"]}, "9999_later"),
        ({"format": 2}, "format 2"),
        ({"database": {**manifest["database"], "server": 99}}, "never into an older one"),
    ):
        path.write_text(json.dumps({**manifest, **change}))
        ran = scene.tranche("restore", place)
        assert ran.code in {6, 75}
        assert words in ran.err
    path.unlink()
    assert "holds no whole backup" in scene.tranche("restore", place).err


def _refuse_others_at_work_and_other_keys(scene: Scene, place: Path) -> None:
    with connect(scene.empty.owner):
        ran = scene.tranche("restore", place)
    assert ran.code == 6
    assert "End its servers and workers first" in ran.err
    (scene.other / "signing.key").write_text("k" * 40)
    (scene.other / "signing.key").chmod(0o600)
    ran = scene.tranche("restore", place)
    assert ran.code == 6
    assert "another signing key" in ran.err
    scene.patch.setenv("TRANCHE_SIGNING_KEY", "j" * 40)
    assert "TRANCHE_SIGNING_KEY is not the key of the backup" in scene.tranche("restore", place).err
    scene.patch.delenv("TRANCHE_SIGNING_KEY")
    (scene.other / "signing.key").unlink()


def test_a_backup_without_the_key_says_so(scene: Scene) -> None:
    place = scene.saved("saved.tar", "--without-key")
    with tarfile.open(place) as archive:
        assert "signing.key" not in archive.getnames()
    scene.move()
    ran = scene.tranche("restore", place)
    assert ran.code == 0
    assert "holds no signing key" in ran.err
    assert not (scene.other / "signing.key").exists()


@pytest.mark.parametrize("name", ["saved.zip", "saved.tar.gz"])
def test_a_name_of_another_archive_is_refused_before_a_folder_of_that_name_is_made(scene: Scene, name: str) -> None:
    ran = scene.tranche("backup", scene.folder / name)
    assert ran.code == 6
    assert f"{name} would be a folder of that name. Name a folder, or a file that ends in .tar." in ran.err
    assert not (scene.folder / name).exists()


def test_files_go_from_one_bucket_to_another(scene: Scene, s3: S3Server) -> None:
    scene.patch.setenv("TRANCHE_S3_ENDPOINT", s3.url)
    scene.patch.setenv("TRANCHE_S3_BUCKET", s3.make_bucket())
    make_storage(Settings.load(os.environ)).put(scene.house.id, io.BytesIO(CONTENT), limit=1_000)
    place = scene.saved()
    scene.move()
    scene.patch.setenv("TRANCHE_S3_BUCKET", s3.make_bucket())
    assert scene.tranche("restore", place).code == 0
    with make_storage(Settings.load(os.environ)).stream(scene.house.id, SHA256) as stream:
        assert stream.read(1_000) == CONTENT


def _rows(conn: Connection) -> dict[str, int]:
    """Of every table of ours how many rows it has."""
    tables = conn.execute("""
        SELECT relname AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relpersistence = 'p' ORDER BY 1
    """).fetchall()
    counted = {}
    for row in tables:
        found = conn.execute(f'SELECT count(*) AS count FROM "{row["name"]}"'.encode()).fetchone()
        assert found is not None
        counted[row["name"]] = found["count"]
    counted.pop("doctor_reports", None)
    return counted


def _email(conn: Connection, house: Organization) -> str:
    row = conn.execute("SELECT email FROM users WHERE id = %(id)s", {"id": house.user_id}).fetchone()
    assert row is not None
    return str(row["email"])


def _sign_in(urls: DatabaseUrls, house: Organization) -> None:
    database = Database(urls.app, size=2).open()
    try:
        with database.transaction(house.id) as conn:
            email = _email(conn, house)
        entrance = Entrance(database, Passwords(), entropy=os.urandom, lifetimes=Lifetimes(idle=60.0, whole=60.0))
        token = entrance.sign_in(email=email, password=PASSWORD, entry=Entry(address="127.0.0.1", user_agent="tests"))
        visitor = find_visitor(database, token, idle_seconds=60.0)
        assert visitor is not None
    finally:
        database.close()
