"""The sample application as a process of its own: `python -m tests.kernel.web.served PORT`."""

import sys

from tests.kernel.web.sample import Ledger, sample_app
from tranche.kernel.web.server import run
from tranche.kernel.web.stream import Hub

if __name__ == "__main__":
    hub = Hub(load=Ledger())
    run(sample_app(hub=hub), hub=hub, host="127.0.0.1", port=int(sys.argv[1]))
    print("ended in order")  # noqa: T201  # the test looks for it
