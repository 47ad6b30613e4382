"""``metergate run``: the gateway, unattended."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.configured import config_option
from gateway.systemd import notify

if TYPE_CHECKING:
    from gateway.app import Gateway


@click.command()
@config_option
def run(file: Path) -> None:
    """Read what is due and deliver it, until SIGTERM or SIGINT."""
    from drivers.errors import UsageError
    from gateway.app import Gateway
    from gateway.config.load import load, state_of
    from gateway.keys import load as load_keys
    from gateway.store.errors import StoreError

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    # These libraries log every request and every device's answer: what matters of it the sinks, the door and the network say.
    for chatty in ("httpx", "uvicorn.error", "zigpy", "bellows"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    configured = load(file)
    gateway = Gateway(configured, load_keys(configured.config.gateway.keys))
    try:
        asyncio.run(_until_signal(gateway))
    except StoreError as error:
        do = "make room, or see What to do when in docs/operating.md"
        raise UsageError(f"the store cannot be opened: {error}", where=str(state_of(configured)), do=do) from error


async def _until_signal(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(gateway.run(_ready))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, task)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("metergate").info("stopped")


def _ready() -> None:
    logging.getLogger("metergate").info("running")
    notify("READY=1")


def _stop(task: asyncio.Task[None]) -> None:
    notify("STOPPING=1")
    task.cancel()
