"""The child that sets type: reads pages from its parent, answers with files, ends with its parent."""

import base64
import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from tranche.invoicing.printing.archive import UnexpectedPdf
from tranche.invoicing.printing.typesetter import Typesetter, Unprintable

HEAD: Final = struct.Struct(">BI")
READY, DONE, REFUSED = 0, 1, 2


def main() -> None:
    """Work until the parent closes the pipe; a parent that died closes it too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody else writes between the answers
    typesetter = Typesetter(Path(sys.argv[1]))
    write(answers, READY, b"")
    while (message := read(sys.stdin.buffer)) is not None:
        kind, content = answer(typesetter, json.loads(message[1]))
        write(answers, kind, content)


def answer(typesetter: Typesetter, request: dict[str, Any]) -> tuple[int, bytes]:
    """A file, pictures of its first page, or why there is none."""
    logo = base64.b64decode(request["logo"]) if request["logo"] else None
    try:
        if request["ppi"]:
            return DONE, typesetter.picture(request["page"], logo=logo, ppi=request["ppi"])[0]
        return DONE, typesetter.render(request["page"], logo=logo)
    except Unprintable as error:
        return REFUSED, json.dumps([error.code, error.message]).encode()
    except UnexpectedPdf as error:
        return REFUSED, json.dumps(["unexpected_pdf", str(error)]).encode()


def write(stream: BinaryIO, kind: int, content: bytes) -> None:
    """One message: its kind, its length, itself."""
    stream.write(HEAD.pack(kind, len(content)) + content)
    stream.flush()


def read(stream: BinaryIO) -> tuple[int, bytes] | None:
    """The next message, None at the end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, length = HEAD.unpack(head)
    return kind, stream.read(length)


if __name__ == "__main__":
    main()
