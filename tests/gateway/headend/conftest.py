"""A door over a store that holds readings of one meter, with no wire behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.reading import Meter, Obis, Reading
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.cim.obis_rules import Rules
from gateway.config.model import MeterTable
from gateway.headend.access import Access, Credentials, Grant, Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.headend.http import HttpDoor
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import Header, Payload, Request, RequestMessage, Verb
from gateway.messages.profiles.end_device_controls import ControlledDevice, EndDeviceControl, EndDeviceControls
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.parts import Identified, Name
from gateway.states import States
from gateway.store.store import Store, open_store

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
METER = Meter("MGT", "12345678")
ALL = Grant(frozenset({"*"}), frozenset({"*"}))
HEAD_END = Source("HE-001", (ALL,), replies="mdm")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened, _ = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
async def house(store: Store) -> House:
    """A gateway's inside with the meter ``main``, read once at NOW."""
    rules = Rules.load("default")
    dispatch = Dispatch(store, ["mdm"], rules, "bench-1")
    table = MeterTable.model_validate({"name": "main", "url": "dlms://127.0.0.1:4059?client=16", "usage_point": "up-7"})
    made = House("bench-1", store, {"main": table}, lambda job: False, dispatch, rules, States(), lambda: NOW)
    value = Reading(METER.key, Obis.parse("1-0:1.8.0*255"), "1.8.0(1234.567*kWh)", Decimal("1234.567"), "kWh", NOW)
    await dispatch.accept([METER, value], NOW, Origin("main"))
    return made


@pytest.fixture
def head_end() -> Source:
    """A source that may ask for everything, and whose later answers go to the sink ``mdm``."""
    return HEAD_END


@pytest.fixture
def door(house: House) -> Door:
    return Door(house, 5.0, lambda: None)


@pytest.fixture
def get_readings() -> Callable[..., bytes]:
    """The bytes of a get MeterReadings of a meter, by name."""

    def made(name: str = "main", message_id: str | None = "m-1", **header: object) -> bytes:
        criteria = GetMeterReadings(end_device=(Identified(names=(Name(name=name),)),))
        head = Header(verb=Verb.GET, noun="MeterReadings", message_id=message_id, correlation_id="c-1", **header)
        return to_bytes(
            RequestMessage(header=head, request=Request(start_time=NOW - timedelta(days=1), content=(criteria,)))
        )

    return made


@pytest.fixture
def order() -> Callable[..., bytes]:
    """The bytes of a create EndDeviceControls of one meter, by name."""

    def made(
        code: str, message_id: str | None = "o-1", name: str = "main", tracking: str = "t-1", **header: object
    ) -> bytes:
        control = EndDeviceControl(
            issuer_tracking_id=tracking,
            end_device_control_type=code,
            end_devices=(ControlledDevice(names=(Name(name=name),)),),
        )
        head = Header(verb=Verb.CREATE, noun="EndDeviceControls", message_id=message_id, correlation_id="oc", **header)
        content = EndDeviceControls(end_device_control=(control,))
        return to_bytes(RequestMessage(header=head, payload=Payload(content=(content,))))

    return made


@pytest.fixture
async def url(door: Door, head_end: Source, token: bytes) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    http = HttpDoor(door, Access([(head_end, Credentials(token))]), 100_000)
    task = asyncio.create_task(http.serve(listening))
    yield f"http://127.0.0.1:{port}/messages"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def token() -> bytes:
    """The bearer token of the source."""
    return b"a token of the bench"
