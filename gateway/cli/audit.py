"""``metergate audit``: what was asked to be changed, by whom, what came of it, and whether the log was tampered with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gateway.cli import exit_codes
from gateway.cli.configured import config_option


@click.command()
@config_option
@click.option("--verify", metavar="DIGEST", help="Check the chain, and that DIGEST, which was noted before, is in it.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def audit(file: Path, verify: str | None, form: str) -> None:
    """Show what the head end's door and technicians at the gateway were asked to change, oldest first.

    Each entry must follow from those before it. Note the digest of the last one somewhere else from time to time: with it
    --verify shows that nothing was rewritten or cut off since. Exit code 4 when the chain is broken.
    """
    from gateway.config.load import load, state_of
    from gateway.store.audit import entries, first_broken
    from gateway.store.looking import looking

    digests = []
    with looking(state_of(load(file))) as connection:
        for number, entry, digest in entries(connection):
            digests.append(digest)
            at = entry.at.isoformat(timespec="seconds").replace("+00:00", "Z")
            if form == "json":
                said = {"type": "audit", "number": number, "at": at, "source": entry.source, "user": entry.user}
                said |= {"verb": entry.verb, "noun": entry.noun, "message_id": entry.message_id}
                click.echo(json.dumps({**said, "what": entry.what, "outcome": entry.outcome, "digest": digest}))
            else:
                by = f"{entry.source} ({entry.user})" if entry.user else entry.source
                click.echo(f"{number} {at} {by}: {entry.what}: {entry.outcome} [{digest}]")
        broken = first_broken(connection)
    if broken is not None:
        click.echo(f"metergate: the audit log was tampered with at entry {broken}", err=True)
        sys.exit(exit_codes.METER)
    if verify is not None and verify.lower() not in digests:
        what = "no entry has this digest: the log was rewritten or cut off since it was noted"
        click.echo(f"metergate: {what}", err=True)
        sys.exit(exit_codes.METER)
