"""zigpy and bellows, the programs of others, on the emulated stick."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

#: The endpoint of a gateway: an energy services interface of the Smart Energy profile.
ESI = {
    "endpoint": 10,
    "profile": 0x0109,
    "device_type": 0x0500,
    "device_version": 0,
    "input_clusters": [0x0000, 0x0003, 0x0700, 0x0701, 0x0703, 0x0800],
    "output_clusters": [0x0702, 0x0800],
}


@pytest.fixture
async def zigpy_on() -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Starts bellows' application, unchanged, on a stick; ends it after the test."""
    application = pytest.importorskip("bellows.zigbee.application")
    started: list[Any] = []

    async def start(path: str) -> Any:
        app = application.ControllerApplication(
            {
                "device": {"path": path, "baudrate": 115200, "flow_control": None},
                "database_path": None,
                "ota": {"enabled": False},
                "topology_scan_enabled": False,
                "backup_enabled": False,
                "use_thread": False,
                "additional_endpoints": [dict(ESI)],
            }
        )
        started.append(app)
        await app.startup(auto_form=True)
        return app

    yield start
    for app in started:
        await app.shutdown()
