"""The command line. Exit status: 0 as expected, 1 a verdict is not, 2 usage or unreadable input.

Each command is loaded when it is given: a build begins with what its pages' processes load.
"""

from __future__ import annotations

from importlib import import_module

import click

from handout.distribution import complete

#: Where each command stands, of the modules of this package.
_COMMANDS = {
    "build": "sites",
    "cache": "projects",
    "check": "pages",
    "course": "course",
    "coverage": "pages",
    "explain": "explain",
    "init": "projects",
    "live": "projects",
    "new": "projects",
    "pdf": "sites",
    "serve": "sites",
    "weave": "sites",
}


class _Commands(click.Group):
    """A group that loads a command when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order in which the help has them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a name; whoever misspells it is told what is near."""
        if cmd_name not in _COMMANDS:
            from handout.page.options import suggestion  # seldom needed

            ctx.fail(f"No such command {cmd_name!r}{suggestion(cmd_name, _COMMANDS)}")
        with complete():
            module = import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mkdocs-handout", prog_name="handout")
def main() -> None:
    """Course handouts whose mathematics is tested at every build."""
