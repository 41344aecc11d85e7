"""The command `tranche`: the list of its sub-commands, and how each of them ends."""

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from tranche import __version__
from tranche.commands.lazy import Entry, LazyGroup
from tranche.commands.logs import configure_logs
from tranche.kernel.client.output import ExitCode, complain, exit_code, say
from tranche.kernel.errors import TrancheError
from tranche.kernel.settings import Settings

_RUN, _WORK, _CARE = "Start", "Work with a server", "Look after an installation"


class Commands(LazyGroup):
    """The table of sub-commands, in the order of the help."""

    entries: ClassVar = {
        "up": Entry(
            module="tranche.commands.up", help="Start everything on this machine: database, server, worker.", panel=_RUN
        ),
        "demo": Entry(
            module="tranche.commands.demo",
            help="Watch a workbook come in, in a throw-away installation.",
            panel=_RUN,
        ),
        "serve": Entry(module="tranche.commands.serve", help="Start a server process.", panel=_RUN),
        "worker": Entry(module="tranche.commands.work", help="Start a worker process.", panel=_RUN),
        "orders": Entry(module="tranche.orders.commands", help="Upload orders, look at batches.", panel=_WORK),
        "items": Entry(module="tranche.inventory.commands.items", help="Bring items in, look at them.", panel=_WORK),
        "lots": Entry(
            module="tranche.inventory.commands.lots", help="Stock in lots: receive, move, hold, trace.", panel=_WORK
        ),
        "stock": Entry(
            module="tranche.inventory.commands.stock", help="Bring opening stock in; see what expires.", panel=_WORK
        ),
        "invoices": Entry(
            module="tranche.invoicing.commands", help="Create invoices from orders, look at them, void.", panel=_WORK
        ),
        "pdfs": Entry(
            module="tranche.invoicing.bulk.commands.pdfs", help="Print invoices, save the files.", panel=_WORK
        ),
        "send": Entry(
            module="tranche.invoicing.bulk.commands.send", help="Send invoices by e-mail, SMS or WhatsApp.", panel=_WORK
        ),
        "bill-stop": Entry(
            module="tranche.commands.bill_stop", help="The bill-stop analysis: run, look, export, compare.", panel=_WORK
        ),
        "customers": Entry(
            module="tranche.customers.commands", help="Look at customers, save their list.", panel=_WORK
        ),
        "audit": Entry(
            module="tranche.commands.audit", help="See who did what, save the log, verify its chain.", panel=_WORK
        ),
        "operations": Entry(
            module="tranche.kernel.operations.commands", help="Watch, cancel, pause and retry long work.", panel=_WORK
        ),
        "schedules": Entry(
            module="tranche.kernel.schedules.commands", help="Work by the clock: look, switch, run now.", panel=_WORK
        ),
        "webhooks": Entry(
            module="tranche.kernel.identity.commands.webhooks",
            help="Tell other systems when operations end.",
            panel=_WORK,
        ),
        "notifications": Entry(
            module="tranche.kernel.identity.commands.notifications",
            help="Choose your mails; see what was told to whom.",
            panel=_WORK,
        ),
        "migrate": Entry(
            module="tranche.commands.migrate", help="Bring the database to the schema of this release.", panel=_CARE
        ),
        "bootstrap": Entry(
            module="tranche.commands.bootstrap", help="Make an organization, its administrator and a key.", panel=_CARE
        ),
        "users": Entry(
            module="tranche.commands.users",
            help="Links for people who cannot sign in; end their sessions.",
            panel=_CARE,
        ),
        "doctor": Entry(
            module="tranche.commands.doctor",
            help="Check that all is as it must be; keeps its report and changes nothing.",
            panel=_CARE,
        ),
        "backup": Entry(
            module="tranche.commands.backup", help="Save database, files and key to a folder or a file.", panel=_CARE
        ),
        "restore": Entry(
            module="tranche.commands.restore", help="Bring a backup into an empty installation.", panel=_CARE
        ),
        "upkeep": Entry(
            module="tranche.commands.upkeep", help="The installation's own schedules: retention, doctor.", panel=_CARE
        ),
        "sql": Entry(module="tranche.commands.sql", help="Run SQL as one organization sees it.", panel=_CARE),
    }


app = typer.Typer(
    name="tranche",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Bulk back-office work without a lost item.",
    epilog="Exit codes: 0 ok, 1 failure, 2 usage, 3 completed with errors, 4 not found, 5 not allowed, 6 conflict, "
    "75 try again, 130 interrupted.",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # called by Typer, with the option's value
    if wanted:
        typer.echo(f"tranche {__version__}")
        raise typer.Exit


@app.callback()
def prepare(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Bulk back-office work without a lost item."""
    del version
    configure_logs()


def main() -> None:
    """Run the command that the arguments name, and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; answers its exit code."""
    try:
        app(args=arguments, prog_name="tranche")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.FAILURE
    except TrancheError as error:
        complain(error)
        return exit_code(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; the interpreter must not try to flush to it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        say(f"Error: {_words_of(error)}")
        return _code_of(error)
    return ExitCode.OK


def _code_of(error: OSError) -> ExitCode:
    if isinstance(error, PermissionError):
        return ExitCode.AUTH
    return ExitCode.TRY_AGAIN if error.errno == errno.ENOSPC else ExitCode.FAILURE


def _words_of(error: OSError) -> str:
    """What could not be done with which file, and the way out; of a full disk how much room there is where."""
    name = "" if error.filename is None else os.fsdecode(error.filename)
    if error.errno != errno.ENOSPC:
        return f"{name}: {error.strerror}.{_where_it_lies(Path(name))}"
    places = dict.fromkeys(place for place in (_home(), Path(tempfile.gettempdir()), Path.cwd()) if place.exists())
    free = ", ".join(f"{shutil.disk_usage(place).free:,} in {place}" for place in places)
    return f"{name and f'{name}: '}no space left on the disk. Bytes free: {free}. Make room, then run this again."


def _home() -> Path:
    return Settings.load({"TRANCHE_HOME": os.environ.get("TRANCHE_HOME", "")}).home


def _where_it_lies(path: Path) -> str:
    home = _home()
    if not path.is_relative_to(home):
        return ""
    return f" TRANCHE_HOME is {home}: it must be a folder of the user who runs this."
