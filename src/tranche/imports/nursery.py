"""The process that readers are forked from: it has imported what reading needs, and never sees a file itself.

`python -m tranche.imports.nursery FD`. Each message on that socket brings four descriptors: a reader's standard input,
output and errors, and its leash, a socket on which its end is told, and whose other end, let go of, kills it.
"""

import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Final

from tranche.imports import child
from tranche.imports.readers import END
from tranche.imports.reading.rehearsal import rehearse

_DESCRIPTORS: Final = 4
_MOST: Final = 4096


def serve(control: socket.socket, read: Callable[[], int]) -> None:
    """Fork readers that do `read()` until the parent is gone; they die with this process."""
    gc.collect()
    gc.freeze()  # what is shared with the readers stays shared
    _Nursery(control, read).run()


class _Nursery:
    def __init__(self, control: socket.socket, read: Callable[[], int]) -> None:
        self._control = control
        self._read = read
        self._leashes: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._wakes, self._woken = socket.socketpair()
        for end in (self._wakes, self._woken):
            end.settimeout(0)
        self._selector.register(self._woken, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler of Python's, so that the wake-up is written
        signal.set_wakeup_fd(self._wakes.fileno())

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    _, received, _, _ = socket.recv_fds(self._control, 1, _DESCRIPTORS)
                    if not received:
                        return
                    self._fork(received)
                elif key.fileobj is self._woken:
                    self._woken.recv(_MOST)
                    self._reap()
                elif key.data in self._leashes:
                    os.kill(key.data, signal.SIGKILL)  # not reaped, so the number is still its own
                    self._selector.unregister(key.fileobj)

    def _fork(self, received: list[int]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            self._become_reader(received, parent)
        *streams, leash = received
        for stream in streams:
            os.close(stream)
        self._leashes[pid] = socket.socket(fileno=leash)
        self._selector.register(self._leashes[pid], selectors.EVENT_READ, pid)

    def _become_reader(self, received: list[int], parent: int) -> None:
        code = 1
        try:
            child.die_with(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number, stream in enumerate(received[:3]):
                os.dup2(stream, number)
            os.closerange(3, _MOST)
            code = self._read()
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001  # the process ends anyway; the parent reads its last words
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while self._leashes:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            leash = self._leashes.pop(pid)
            if leash in self._selector.get_map():
                self._selector.unregister(leash)
            with leash:
                try:
                    leash.send(END.pack(os.waitstatus_to_exitcode(status)))
                except OSError:
                    continue  # nobody wants to know any more


if __name__ == "__main__":
    rehearse()
    serve(socket.socket(fileno=int(sys.argv[1])), child.main)
    os._exit(0)
