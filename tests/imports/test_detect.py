"""Files that are no spreadsheets are told apart by their bytes, before anything is unpacked."""

import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from tests.imports.factories import write_xlsx
from tranche.imports.detect import detect
from tranche.imports.domain import FileKind, FileTooLarge, Limits, UnreadableFile, UnsupportedFile
from tranche.kernel.errors import TrancheError


def _detect(path: Path, *, name: str | None = None, limits: Limits | None = None) -> FileKind:
    return detect(path, file_name=name or path.name, limits=limits or Limits())


def _bytes(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _zip(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return path


def _compound(*streams: str, size: int = 4096) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHH", 0x3E, 3, 0xFFFE, 9) + bytes(12)
    names = b"".join(name.encode("utf-16-le") + b"\x00\x00" for name in streams)
    return (head + struct.pack("<II", 1, 1) + bytes(24) + names).ljust(size, b"\x00")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n", "PDF"),
        (b"MZ\x90\x00", "program"),
        (b"\x7fELF\x02", "program"),
        (b"\x89PNG\r\n", "picture"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"{\\rtf1", "RTF"),
        (b"  <!DOCTYPE html><table>", "web page"),
        (b"\xef\xbb\xbf<html><body>", "web page"),
        (b"MIME-Version: 1.0\r\n", "saved web page"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "Excel 2003"),
        (b"<?xml version='1.0'?><orders/>", "XML file"),
        (b"\x09\x08\x08\x00\x00\x05", "Excel 5"),
        (b"a,b\n1,2\n", "plain text"),
        (b"\x01\x02\x03\x04binary", "not a workbook"),
        (b"PK\x03\x04 and no more", "end is missing"),
    ],
)
def test_what_is_called_xlsx_and_is_none_gets_a_sentence_of_its_own(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises((UnreadableFile, UnsupportedFile), match=words) as refused:
        _detect(_bytes(tmp_path, "orders.xlsx", data))
    assert refused.value.message.endswith((".", ")."))


def test_text_under_an_honest_name_is_csv(tmp_path: Path) -> None:
    assert _detect(_bytes(tmp_path, "orders.csv", b"a,b\n1,2\n")) is FileKind.CSV
    assert _detect(_bytes(tmp_path, "blob", b"a;b\n"), name="orders.txt") is FileKind.CSV


def test_a_workbook_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "x.xlsx", [["a"]])
    assert _detect(path, name="orders.csv") is FileKind.XLSX
    assert _detect(path, name="orders") is FileKind.XLSX


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"xl/workbook.bin": b""}, FileKind.XLSB),
        ({"XL\\Workbook.xml": b""}, FileKind.XLSX),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}, FileKind.ODS),
        ({"content.xml": b"", "META-INF/manifest.xml": b""}, FileKind.ODS),
    ],
)
def test_the_parts_of_a_zip_tell_the_kind(tmp_path: Path, parts: dict[str, bytes], kind: FileKind) -> None:
    assert _detect(_zip(tmp_path / "book", parts)) is kind


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"word/document.xml": b""}, "text document"),
        ({"ppt/presentation.xml": b""}, "presentation"),
        ({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b""}, "text document"),
        ({"mimetype": b"application/vnd.oasis.opendocument.graphics"}, "OpenDocument file of another kind"),
        ({"Index/Document.iwa": b""}, "Apple Numbers"),
        ({"holiday.jpg": b""}, "zip archive"),
        ({"xl/workbook.xml": b"", "xl/vbaProject.bin": b""}, "macros"),
    ],
)
def test_other_zips_are_named(tmp_path: Path, parts: dict[str, bytes], words: str) -> None:
    with pytest.raises(UnsupportedFile, match=words):
        _detect(_zip(tmp_path / "book.xlsx", parts))


def test_a_truncated_workbook_is_called_cut_short(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", [["a"]]).read_bytes()
    for size in (100, len(whole) // 2, len(whole) - 5):
        with pytest.raises(UnreadableFile, match="cut short"):
            _detect(_bytes(tmp_path, "cut.xlsx", whole[:size]))


def test_a_zip_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = _zip(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": bytes(150_000_000)})
    assert path.stat().st_size < 200_000
    with pytest.raises(FileTooLarge, match="150 MB"):
        _detect(path)


def test_the_limit_for_unpacked_bytes_holds_at_any_ratio(tmp_path: Path) -> None:
    path = _zip(tmp_path / "big.xlsx", {"xl/workbook.xml": bytes(range(256)) * 100})
    with pytest.raises(FileTooLarge):
        _detect(path, limits=Limits(unzipped_bytes=25_000))
    assert _detect(path, limits=Limits(unzipped_bytes=26_000)) is FileKind.XLSX


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("xl/workbook.xml", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("xl/workbook.xml", "two")
    with pytest.raises(UnreadableFile, match="two parts of one name"):
        _detect(path)


def test_too_many_parts_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    path = _zip(tmp_path / "many.xlsx", {f"xl/{number}": b"" for number in range(10_001)})
    with pytest.raises(FileTooLarge, match="10,000 parts"):
        _detect(path)


def test_an_encrypted_workbook_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="password") as refused:
        _detect(_bytes(tmp_path, "secret.xlsx", _compound("EncryptionInfo", "EncryptedPackage")))
    assert refused.value.error_code == "encrypted"


def test_a_zip_with_a_password_is_called_so(tmp_path: Path) -> None:
    path = _zip(tmp_path / "secret.xlsx", {"xl/workbook.xml": b"x"})
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableFile, match="password"):
        _detect(_bytes(tmp_path, "secret.xlsx", bytes(data)))


def test_an_opendocument_file_with_a_password_is_called_so_by_its_manifest(tmp_path: Path) -> None:
    parts = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"\x93\x1f"}
    manifest = b"<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    with pytest.raises(UnreadableFile, match="password") as refused:
        _detect(_zip(tmp_path / "secret", {**parts, "META-INF/manifest.xml": manifest}))
    assert refused.value.error_code == "encrypted"
    assert _detect(_zip(tmp_path / "open", {**parts, "META-INF/manifest.xml": b"<x/>"})) is FileKind.ODS


def test_the_old_container_is_told_by_its_streams(tmp_path: Path) -> None:
    assert _detect(_bytes(tmp_path, "a.xls", _compound("Root Entry", "Workbook"))) is FileKind.XLS
    with pytest.raises(UnsupportedFile, match="Word"):
        _detect(_bytes(tmp_path, "b.xls", _compound("Root Entry", "WordDocument")))
    with pytest.raises(UnsupportedFile, match="presentation"):
        _detect(_bytes(tmp_path, "c.xls", _compound("PowerPoint Document")))


@pytest.mark.parametrize("offset", [26, 28, 30, 44, 48])
def test_an_old_container_with_wild_sizes_is_damaged(tmp_path: Path, offset: int) -> None:
    data = bytearray(_compound("Workbook"))
    data[offset : offset + 2] = b"\xf0\xf0"
    with pytest.raises(UnreadableFile, match="damaged"):
        _detect(_bytes(tmp_path, "wild.xls", bytes(data)))


def test_an_old_container_that_ends_at_once_is_cut_short(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cut short"):
        _detect(_bytes(tmp_path, "short.xls", _compound("Workbook", size=600)))


def test_any_flipped_byte_gives_a_kind_or_a_refusal(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", [["a", 1]]).read_bytes()
    kinds = 0
    for step in range(0, len(whole), 97):
        data = bytearray(whole)
        data[step] ^= 0xFF
        with suppress(TrancheError):
            kinds += _detect(_bytes(tmp_path, "flipped.xlsx", bytes(data))) in FileKind
    assert kinds
