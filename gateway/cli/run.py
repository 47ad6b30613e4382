"""``metergate run``: the gateway, unattended."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.check import CONFIG

if TYPE_CHECKING:
    from gateway.app import Gateway


@click.command()
@click.option(
    "-c",
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CONFIG,
    show_default=True,
    help="The configuration file.",
)
def run(file: Path) -> None:
    """Read what is due and deliver it, until SIGTERM or SIGINT."""
    from gateway.app import Gateway
    from gateway.config.load import load
    from gateway.keys import load as load_keys

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    # The HTTP library logs every request: what matters of it the sink says.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    configured = load(file)
    gateway = Gateway(configured, load_keys(configured.config.gateway.keys))
    asyncio.run(_until_signal(gateway))


async def _until_signal(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(gateway.run(lambda: logging.getLogger("metergate").info("running")))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("metergate").info("stopped")
