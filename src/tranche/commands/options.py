"""Options that several commands share, and the settings that they change."""

import logging
import os
from dataclasses import replace
from typing import Annotated, TypeAlias

import structlog
import typer

from tranche.commands.logs import configure_logs
from tranche.kernel.settings import Settings
from tranche.kernel.strays import find_strays

log = structlog.get_logger(__name__)

HostOption: TypeAlias = Annotated[
    str | None, typer.Option("--host", help="Address to listen on (TRANCHE_HOST, else 127.0.0.1).", show_default=False)
]
PortOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65535,
        help="Port to listen on; 0 takes a free one (TRANCHE_PORT, else 8080).",
        show_default=False,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def begin(*, host: str | None = None, port: int | None = None) -> Settings:
    """The settings of a process that goes on until it is ended, its logs as they say, and a word on stray variables."""
    settings = load_settings(host=host, port=port)
    configure_logs(level=logging.INFO, log_format=settings.log_format)
    for stray in find_strays(os.environ):
        log.warning("setting.unknown", name=stray.name, hint=stray.hint)
    return settings


def load_settings(*, host: str | None = None, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says otherwise."""
    settings = Settings.load(os.environ)
    if host is not None:
        settings = replace(settings, host=host)
    return settings if port is None else replace(settings, port=port)
