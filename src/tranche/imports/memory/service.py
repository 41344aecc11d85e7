"""The verbs of remembered mappings: recall for a reading, learn from an import, list, forget."""

from dataclasses import asdict, replace
from typing import Any

from tranche.imports.choices import LEAVE_OUT, OPTIONS
from tranche.imports.domain import Mapping, Remembered
from tranche.imports.mapping import fingerprint
from tranche.imports.memory import queries
from tranche.imports.memory.domain import MOST_HANDED_ON, MappingNotFound, Memory
from tranche.imports.targets import Import
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

_DAY_FIRST = "dayFirst"


def recall(conn: Connection, work: Import, *, said: Mapping) -> Mapping:
    """The mapping with what is remembered for its target, for the reader of the file to choose from.

    A file that is read again, after a crash or because a dry run was confirmed, is read as the first time: what
    was chosen then stands in the import, and no other memory is offered.
    """
    if said.columns:
        return said
    return offer(conn, target=work.target, said=said) if work.mapping is None else as_read(work, said=said)


def as_read(work: Import, *, said: Mapping) -> Mapping:
    """The mapping of a file that was read, with the memory that was chosen then."""
    chosen = (work.mapping or {}).get("remembered")
    return replace(said, remembered=(Remembered(**chosen),) if chosen else ())


def offer(conn: Connection, *, target: str, said: Mapping) -> Mapping:
    """The mapping of a file that nobody has read yet, with all that is remembered for its target."""
    memories = queries.list_memories(conn, target=target, limit=MOST_HANDED_ON, offset=0)
    return replace(said, remembered=tuple(_remembered(memory) for memory in memories))


def describe(remembered: Remembered | None) -> dict[str, Any] | None:
    """What an import keeps of the memory that was used."""
    return asdict(remembered) if remembered else None


def learn(conn: Connection, work: Import, *, user_id: int | None, is_used: bool) -> None:
    """Remember what a person said about this import's header, or count another use of what was remembered.

    Only the columns, those left out, and `dayFirst` belong to the shape of a file. `sheet` does not (sheets are named
    by months, and one is chosen before its header is read); `defaultCustomer` and `acceptReturns` are about what is in
    one file, and a clerk who did not say them today must not have customers or returns made by them.
    """
    if work.mapping is None:
        return  # the file could not be read by what was said
    if used := work.mapping.get("remembered"):
        if is_used:
            queries.count_use(conn, memory_id=used["id"])
        return
    said = {key: value for key, value in (work.options.get("mapping") or {}).items() if value is not None}
    columns = _columns(work, said)
    options = {key: said[key] for key in (_DAY_FIRST, LEAVE_OUT) if key in said}
    if work.header is None or columns is None or not (columns or options):
        return
    queries.upsert_memory(
        conn,
        target=work.target,
        fingerprint=fingerprint(work.header),
        header=work.header,
        columns=columns,
        options=options,
        user_id=user_id,
        uses=int(is_used),
    )


def list_page(conn: Connection, *, target: str | None, limit: int, offset: int) -> tuple[list[Memory], int]:
    """A page of what is remembered, used last first, and how much there is."""
    return (
        queries.list_memories(conn, target=target, limit=limit, offset=offset),
        queries.count_memories(conn, target=target),
    )


def forget(conn: Connection, ctx: Context, *, memory_id: int) -> None:
    """Remove one; imports that used it stay as they are.

    Raises:
        MappingNotFound
    """
    if not queries.delete_memory(conn, memory_id=memory_id):
        raise MappingNotFound.of(memory_id)
    audit.record(conn, ctx, action="import_mapping.forget", subject_id=memory_id)


def _columns(work: Import, said: dict[str, Any]) -> dict[str, Any] | None:
    """The named columns by their headers, since a letter says nothing once a column is moved.

    None where a header stands twice, or one of several joined columns is named by its letter: then only the letter
    could tell which is meant.
    """
    known = work.header or []
    columns: dict[str, Any] = {}
    for name, value in said.items():
        if name in OPTIONS:
            continue
        headers = [work.headers.get(name, value)] if isinstance(value, str) else value
        if any(f"{header} (2)" in known for header in headers) or (len(headers) > 1 and not set(headers) <= set(known)):
            return None
        columns[name] = headers if len(headers) > 1 else headers[0]
    return columns


def _remembered(memory: Memory) -> Remembered:
    return Remembered(
        id=memory.id,
        fingerprint=memory.fingerprint.hex(),
        columns=memory.columns,
        day_first=memory.options.get(_DAY_FIRST),
        left_out=tuple(memory.options.get(LEAVE_OUT, ())),
    )
