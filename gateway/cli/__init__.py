"""The command ``metergate``: one file a verb, imported only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from gateway.cli.verbs import VERBS


class LazyGroup(click.Group):
    """Verbs by name, from the table of ``gateway.cli.verbs``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = getattr(import_module(VERBS[name][0]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"metergate {version('metergate')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def command() -> None:
    """Reads real meters and says what they read in the words of IEC 61968-9."""


def main() -> None:
    """Run ``metergate``. Data goes to stdout, everything else to stderr; the exit code is of ``exit_codes``."""
    from drivers.errors import MeterError

    try:
        command(prog_name="metergate")
    except MeterError as error:
        from gateway.cli import exit_codes

        click.echo(f"metergate: {error}", err=True)
        sys.exit(exit_codes.of(error))
    except BrokenPipeError:
        # The reader of our stdout has gone (a pager, head): nothing more can be said there.
        sys.stderr.close()
        sys.exit(0)
