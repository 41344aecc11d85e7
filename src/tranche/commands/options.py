"""Options that several commands share, and the settings that they change."""

import os
from dataclasses import replace
from typing import Annotated, TypeAlias

import typer

from tranche.kernel.settings import Settings

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


def load_settings(*, host: str | None = None, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says otherwise."""
    settings = Settings.load(os.environ)
    if host is not None:
        settings = replace(settings, host=host)
    return settings if port is None else replace(settings, port=port)
