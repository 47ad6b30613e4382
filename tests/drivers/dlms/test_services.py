"""SET and ACTION against the emulated meters: lists, and what does not fit one APDU goes in blocks; what is written reads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.dlms import axdr, services
from drivers.dlms.axdr_encode import integer, octet_string
from drivers.dlms.cosem import Attribute, ClassId, Method
from drivers.dlms.driver import Dlms
from drivers.dlms.refusals import Refusal
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import Obis

TYPE = Attribute(ClassId.DATA, Obis(0, 0, 96, 1, 1), 2)
SERIAL = Attribute(ClassId.DATA, Obis(0, 0, 96, 1, 0), 2)
SWITCH = Obis(0, 0, 96, 3, 10)
STATE = Attribute(ClassId.DISCONNECT_CONTROL, SWITCH, 3)


@pytest.mark.parametrize("size", [14, 1000, 1012, 1024, 3000])
@pytest.mark.parametrize("profile", ["household", "short-names-wrapper"])
async def test_a_value_is_set(emulated_meter: Callable[..., str], keys: Any, size: int, profile: str) -> None:
    text = bytes(32 + number % 90 for number in range(size))
    short = "&sn=yes" if profile.startswith("short") else ""
    url = f"dlms://{emulated_meter(f'dlms/{profile}')}?client=32&auth=lls&pdu=400{short}"
    async with Dlms(parse(url), Context(timeout=30, keys=keys)) as meter, meter._session() as reading:
        assert await reading.client.put(TYPE, octet_string(text)) is None
        result = await reading.client.get(TYPE)
    assert isinstance(result, bytes)
    assert axdr.decode(result) == text


async def test_a_list_is_set_and_each_answered(emulated_meter: Callable[..., str], keys: Any) -> None:
    url = f"dlms://{emulated_meter('dlms/household')}?client=32&auth=lls"
    async with Dlms(parse(url), Context(timeout=30, keys=keys)) as meter, meter._session() as reading:
        wanted = [(TYPE, octet_string(b"MG-OTHER")), (SERIAL, octet_string(b"87654321"))]
        written, refused = await reading.client.run(services.put_many(reading.client.association, wanted))
        values = await reading.client.get_many([TYPE, SERIAL])
    assert written is None
    assert isinstance(refused, Refusal)
    assert [axdr.decode(value) for value in values if isinstance(value, bytes)] == [b"MG-OTHER", b"12345678"]


async def test_a_list_of_methods_is_carried_out_in_its_order(emulated_meter: Callable[..., str], keys: Any) -> None:
    url = f"dlms://{emulated_meter('dlms/idis')}?client=1&auth=lls"
    off, on = (Method(ClassId.DISCONNECT_CONTROL, SWITCH, number) for number in (1, 2))
    async with Dlms(parse(url), Context(timeout=30, keys=keys)) as meter, meter._session() as reading:
        client = reading.client
        found = []
        for order in ([on, off], [off, on]):
            wanted = [(method, integer(0)) for method in order]
            assert not any(
                isinstance(one, Refusal) for one in await client.run(services.act_many(client.association, wanted))
            )
            state = await client.get(STATE)
            assert isinstance(state, bytes)
            found.append(axdr.decode(state))
    assert found == [0, 1]
