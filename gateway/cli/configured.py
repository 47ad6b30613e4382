"""The option ``-c``: which configuration a verb is about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

CONFIG = Path("/etc/metergate/metergate.toml")


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-c FILE`` as ``file``."""
    return click.option(
        "-c",
        "--config",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        default=CONFIG,
        show_default=True,
        help="The configuration file.",
    )(command)
