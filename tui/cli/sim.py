"""``hedgerow sim``: the simulated exchange alone, so that any client can connect to it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from feeds.sim import command

if TYPE_CHECKING:
    from tui.cli.main import Commands


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "sim",
        help="serve simulated venues on local ports",
        description=command.DESCRIPTION,
    )
    command.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0, or 2 where the options are refused or a port is taken."""
    return command.run(arguments)
