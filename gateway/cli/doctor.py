"""``metergate doctor PORT``: looks at a serial port and tells what to change. Talks to no meter."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gateway.cli import exit_codes


@click.command()
@click.argument("port", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def doctor(port: Path, form: str) -> None:
    """Look at the serial device PORT: is it there, may it be used, who holds it, what would make it better.

    Exit code 0 when it can be used, 3 when something must be changed first.
    """
    from gateway.cli.port_checks import State, look

    found = list(look(port))
    for finding in found:
        if form == "json":
            click.echo(
                json.dumps(
                    {
                        "type": "finding",
                        "port": str(port),
                        "check": finding.check,
                        "state": finding.state,
                        "what": finding.what,
                        "do": finding.do or None,
                    }
                )
            )
        else:
            click.echo(f"{finding.state:8} {finding.check:11} {finding.what}")
            if finding.do:
                click.echo(f"{'':21}do: {finding.do}")
    if any(finding.state is State.PROBLEM for finding in found):
        sys.exit(exit_codes.LINK)
