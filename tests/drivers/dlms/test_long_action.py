"""An ACTION that does not fit one APDU reaches the meter whole: in blocks of its own, or as a general block transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.dlms import axdr, services
from drivers.dlms.axdr_encode import double_long_unsigned, integer, long, octet_string, structure
from drivers.dlms.cosem import Attribute, ClassId, Method
from drivers.dlms.driver import Dlms
from drivers.dlms.refusals import Refusal
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import Obis

IMAGE = Obis(0, 0, 44, 0, 0)
CLOCK = Obis(0, 0, 1, 0, 0)
INITIATE, TRANSFER_BLOCK, VERIFY = (Method(ClassId.IMAGE_TRANSFER, IMAGE, number) for number in (1, 2, 3))
TO_ACTIVATE = Attribute(ClassId.IMAGE_TRANSFER, IMAGE, 7)
SHIFT_TIME = Method(ClassId.CLOCK, CLOCK, 6)


@pytest.mark.parametrize("size", [200, 900, 2000])
async def test_parameters_in_blocks(emulated_meter: Callable[..., str], keys: Any, size: int) -> None:
    identification = bytes(number % 251 for number in range(size))
    url = f"dlms://{emulated_meter('dlms/idis')}?client=1&auth=lls&pdu=400"
    async with Dlms(parse(url), Context(timeout=30, keys=keys)) as meter, meter._session() as reading:
        client = reading.client
        for method, data in (
            (INITIATE, structure(octet_string(identification), double_long_unsigned(4))),
            (TRANSFER_BLOCK, structure(double_long_unsigned(0), octet_string(b"good"))),
            (VERIFY, integer(0)),
        ):
            assert not isinstance(await client.run(services.act(client.association, method, data)), Refusal)
        result = await client.get(TO_ACTIVATE)
    assert isinstance(result, bytes)
    [[_, arrived, _]] = axdr.decode(result)
    assert arrived == identification


async def test_a_list_of_methods_as_a_general_block_transfer(
    emulated_meter: Callable[..., str], keys: Any, counters: Any
) -> None:
    url = f"dlms://{emulated_meter('dlms/block-transfer')}?client=24&security=both"
    context = Context(timeout=30, keys=keys, counters=counters)
    async with Dlms(parse(url), context) as meter, meter._session() as reading:
        client = reading.client
        wanted = [(SHIFT_TIME, long(0))] * 60
        results = await client.run(services.act_many(client.association, wanted))
    assert results == [None] * 60
