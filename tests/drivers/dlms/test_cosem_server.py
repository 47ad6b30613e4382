"""The driver against a server whose bytes are read and made by dlms-cosem 25.1.0: another lineage than gurux-dlms's.

It reads what we send with its own parsers, and an HDLC frame is taken only where it is the very one that it would send.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.errors import AccessDenied
from drivers.meter_url import parse
from drivers.reading import Meter, Obis, Reading

pytestmark = pytest.mark.peer

ENERGY, PROFILE = Obis(1, 0, 1, 8, 0), Obis(1, 0, 99, 1, 0)
WAYS = [
    (["--authentication=none"], ""),
    (["--authentication=lls"], "auth=lls"),
    (["--authentication=gmac"], "auth=gmac"),
    (["--authentication=none", "--security=both"], "security=both&style=general-glo"),
    (["--authentication=gmac", "--security=both"], "auth=gmac&security=both&style=general-glo"),
]


@pytest.mark.parametrize("link", ["wrapper", "hdlc"])
@pytest.mark.parametrize(("server", "url"), WAYS, ids=[url or "plain" for _, url in WAYS])
async def test_it_is_read_set_and_switched(
    cosem_server: Callable[..., str], keys: Any, counters: Any, link: str, server: list[str], url: str
) -> None:
    scheme = "dlms" if link == "wrapper" else "dlms+hdlc"
    where = cosem_server("--link", link, *server)
    context = Context(keys=keys, counters=counters, timeout=30)
    now = datetime.now(UTC)
    async with Dlms(parse(f"{scheme}://{where}?{url}&counter=stored"), context) as meter:
        who, energy, *_ = [record async for record in meter.registers([ENERGY])]
        assert isinstance(who, Meter)
        assert (who.manufacturer, who.serial) == ("DCS", "00000002")
        assert isinstance(energy, Reading)
        assert (energy.value, energy.unit) == (Decimal(3976), "Wh")
        end = now.replace(hour=0, minute=0, second=0, microsecond=0)
        series = [one async for one in meter.profile(PROFILE, end - timedelta(days=2), end)]
        times = [row.time for one in series for row in one.rows]
        assert times == [end - timedelta(days=2) + timedelta(minutes=15 * number) for number in range(193)]
        assert await meter.switch_state() == "connected"
        assert await meter.disconnect() == "disconnected"
        assert await meter.connect() == "connected"
        after = await meter.set_clock(now + timedelta(hours=1))
        assert after.time is not None
        assert abs(after.time - now - timedelta(hours=1)) < timedelta(seconds=30)


async def test_a_month_of_a_buffer_and_the_view(cosem_server: Callable[..., str]) -> None:
    async with Dlms(
        parse(f"dlms+hdlc://{cosem_server('--link', 'hdlc', '--pdu', '2000')}"), Context(timeout=60)
    ) as meter:
        [series] = [one async for one in meter.profile(PROFILE, None, None)]
        found = [record async for record in meter.registers()]
    assert len(series.rows) == 2976
    assert [record.obis for record in found if isinstance(record, Reading)] == [ENERGY]


async def test_a_wrong_password(cosem_server: Callable[..., str], keys: Any) -> None:
    keys.secrets["lls"] = b"11111111"
    async with Dlms(parse(f"dlms://{cosem_server('--authentication', 'lls')}?auth=lls"), Context(keys=keys)) as meter:
        with pytest.raises(AccessDenied, match="refuses the association"):
            await meter.identify()
