"""``metergate check``: a configuration, everything that is wrong in it at once."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.configured import config_option


@click.command()
@config_option
def check(file: Path) -> None:
    """Check a configuration and its devices.d. Opens no port and asks no meter."""
    from gateway.config.load import link_of, load

    configured = load(file)
    config = configured.config
    links = {link_of(meter.url) for meter in config.meter}
    click.echo(
        f"{', '.join(map(str, configured.files))}: good; {len(config.meter)} meters on {len(links)} links,"
        f" {len(config.sink)} sinks"
    )
