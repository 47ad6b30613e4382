"""An independent SOAP client: loads the WSDL that the door gives, gets readings, orders a control, is refused in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.headend.house import House
from gateway.store import orders
from gateway.store.orders import State

zeep = pytest.importorskip("zeep", reason="no zeep in this environment; make .venv/installed-dev brings it")
AT = datetime(2026, 6, 1, 11, tzinfo=UTC)


def header(verb: str, noun: str, number: int) -> dict[str, Any]:
    return {"Verb": verb, "Noun": noun, "Timestamp": AT, "MessageID": f"z-{number}", "CorrelationID": f"zc-{number}"}


@pytest.fixture
def client_of(url: str, token: bytes) -> Callable[[str], Any]:
    """A client of a service, which fetches the WSDL from the door and speaks to the address it names."""

    def load(service: str) -> Any:
        client = zeep.Client(f"{url.replace('messages', 'services')}/{service}?wsdl")
        client.transport.session.headers["Authorization"] = f"Bearer {token.decode()}"
        client.transport.session.trust_env = False
        return client

    return load


async def test_it_gets_readings(client_of: Callable[[str], Any]) -> None:
    def ask() -> Any:
        client = client_of("GetMeterReadings")
        criteria = {"EndDevice": [{"Names": [{"name": "main"}]}]}
        request = {"StartTime": datetime(2026, 5, 31, tzinfo=UTC), "GetMeterReadings": criteria}
        return client.service.GetMeterReadings(Header=header("get", "MeterReadings", 1), Request=request)

    answer = await asyncio.to_thread(ask)
    assert answer.Reply.Result == "OK"
    assert answer.Header.CorrelationID == "zc-1"
    payload = answer.Payload.MeterReadings
    assert [one.value for one in payload.MeterReading[0].Readings] == ["1234.567"]


async def test_it_orders_a_control(client_of: Callable[[str], Any], house: House) -> None:
    def ask() -> Any:
        client = client_of("ExecuteEndDeviceControls")
        control = {
            "issuerTrackingID": "t-1",
            "EndDeviceControlType": {"ref": "3.31.0.23"},
            "EndDevices": [{"Names": [{"name": "main"}]}],
        }
        payload = {"EndDeviceControls": {"EndDeviceControl": [control]}}
        return client.service.CreateEndDeviceControls(Header=header("create", "EndDeviceControls", 2), Payload=payload)

    answer = await asyncio.to_thread(ask)
    assert (answer.Reply.Result, answer.Reply.Error[0].code) == ("OK", "0.3")
    (order,) = await house.read(lambda connection: orders.standing(connection, *State))
    assert (order.tracking_id, order.place, order.control, order.state) == ("t-1", "main", "disconnect", "accepted")
    assert [one._value_1 if hasattr(one, "_value_1") else str(one) for one in answer.Reply.ID] == [order.id]


async def test_what_it_may_not_say_comes_back_with_a_code(client_of: Callable[[str], Any]) -> None:
    def ask() -> Any:
        client = client_of("GetMeterReadings")
        criteria = {"EndDevice": [{"Names": [{"name": "nobody"}]}]}
        return client.service.GetMeterReadings(
            Header=header("get", "MeterReadings", 3), Request={"GetMeterReadings": criteria}
        )

    answer = await asyncio.to_thread(ask)
    assert (answer.Reply.Result, answer.Reply.Error[0].code) == ("FAILED", "2.4")
