"""A stored file that the steps of an upload look at again and again is read once for each way of reading it."""

import io
from pathlib import Path

import pytest

from tranche.imports.domain import Limits, Mapping, ParseRequest, UnreadableFile
from tranche.imports.pages import files
from tranche.imports.pages.files import Reading
from tranche.imports.parser import inspect
from tranche.imports.uploads import UploadLimits
from tranche.kernel.context import Context, Role
from tranche.kernel.storage.local import LocalFiles
from tranche.orders.fields import ORDER_FIELDS

_TEXT = b"orderId,customerName,itemSku,quantity,unitPrice,day\n1,Acme,A-1,1,1,x\n"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was really read."""
    found: list[str] = []

    def counted(request: ParseRequest, **words: object) -> object:
        found.append(request.file_name)
        return inspect(request, **words)  # type: ignore[arg-type]  # handed on as they are

    monkeypatch.setattr(files, "inspect", counted)
    return found


def _reading(folder: Path, organization_id: int, text: bytes = _TEXT) -> Reading:
    store = LocalFiles(folder / "files")
    stored = store.put(organization_id, io.BytesIO(text), limit=1_000_000)
    ctx = Context(organization_id=organization_id, role=Role.OPERATOR, user_name="Ada")
    limits = UploadLimits(max_bytes=1_000_000, parsing=Limits(seconds=60))
    return Reading(files=store, limits=limits, ctx=ctx, sha256=stored.sha256, file_name="a.csv", fields=ORDER_FIELDS)


def test_a_second_look_reads_nothing_and_another_mapping_does(tmp_path: Path, looks: list[str]) -> None:
    reading = _reading(tmp_path, 1)
    first = reading.look(Mapping())
    assert reading.look(Mapping()) == first
    assert len(looks) == 1
    other = reading.look(Mapping(columns={"orderDate": "day"}))
    assert len(looks) == 2
    assert other.matching.column_of("orderDate") is not None


def test_each_organization_reads_its_own_file(tmp_path: Path, looks: list[str]) -> None:
    assert _reading(tmp_path, 1).look(Mapping()) == _reading(tmp_path, 2).look(Mapping())
    assert len(looks) == 2


def test_a_refusal_is_not_remembered(tmp_path: Path, looks: list[str]) -> None:
    reading = _reading(tmp_path, 1, b"\n\n")
    for _ in range(2):
        with pytest.raises(UnreadableFile):
            reading.look(Mapping())
    assert len(looks) == 2
