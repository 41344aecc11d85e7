"""The sample application as a process of its own: `python -m tests.kernel.web.served PORT`."""

import sys

from tests.kernel.web.sample import Ledger, sample_app
from tranche.commands.process import Process, leave
from tranche.kernel.web.server import Server, make_server
from tranche.kernel.web.stream import Hub


class _Part:
    """The server alone, as a process holds it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def run(self) -> None:
        """See Part."""
        await self._server.serve()

    def stop(self) -> None:
        """See Part."""
        self._server.stop()


if __name__ == "__main__":
    hub = Hub(load=Ledger())
    server = make_server(sample_app(hub=hub), hub=hub, host="127.0.0.1", port=int(sys.argv[1]))
    Process([_Part(server)]).run(signals=True)
    leave(0)
    print("ended in order")  # noqa: T201  # the test looks for it
