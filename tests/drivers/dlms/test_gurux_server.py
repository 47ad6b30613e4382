"""The driver against a server whose bytes are made by gurux-dlms: every authentication, protection and referencing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.errors import AccessDenied, KeyRejected
from drivers.meter_url import parse
from drivers.reading import Meter, Obis, Reading

pytestmark = pytest.mark.peer

ENERGY, PROFILE = Obis(1, 0, 1, 8, 0), Obis(1, 0, 99, 1, 0)

#: authentication and protection of the server, parameters of the URL
PLAIN = [
    ([f"--authentication={auth}"], f"auth={auth}") for auth in ("none", "lls", "hls", "md5", "sha1", "sha256", "gmac")
]
PROTECTED = [
    ([f"--authentication={auth}", f"--security={server}"], f"auth={auth}&security={ours}")
    for auth, server, ours in [
        ("gmac", "authentication", "authenticated"),
        ("gmac", "encryption", "encrypted"),
        ("gmac", "both", "both"),
        ("lls", "both", "both"),
        ("md5", "both", "both"),
    ]
]
STYLES = [
    (["--authentication=lls", "--security=both"], "auth=lls&security=both&style=ded"),
    (["--authentication=gmac", "--security=both", "--general"], "auth=gmac&security=both&style=general-glo"),
]
LONG_KEYS = ["--ek", "00" * 16 + "11" * 16, "--ak", "22" * 16 + "33" * 16]
SUITES = [
    (["--authentication=gmac", "--security=both", "--suite=1"], "auth=gmac&security=both&suite=1"),
    (["--authentication=gmac", "--security=both", "--suite=2", *LONG_KEYS], "auth=gmac&security=both&suite=2"),
]


@pytest.mark.parametrize("referencing", ["ln", "sn"])
@pytest.mark.parametrize("link", ["wrapper", "hdlc"])
@pytest.mark.parametrize(("server", "url"), [*PLAIN, *PROTECTED, *STYLES, *SUITES], ids=lambda value: str(value)[:60])
async def test_it_is_read(
    gurux_server: Callable[..., str], keys: Any, counters: Any, referencing: str, link: str, server: list[str], url: str
) -> None:
    if referencing == "sn" and ("--general" in server or "style=ded" in url):
        pytest.skip("the peer answers these with logical names only")
    if "suite=2" in url:
        keys.secrets["ek"], keys.secrets["ak"] = bytes(16) + b"\x11" * 16, b"\x22" * 16 + b"\x33" * 16
    where = gurux_server("--link", link, "--referencing", referencing, *server)
    scheme = "dlms" if link == "wrapper" else "dlms+hdlc"
    sn = "&sn=yes" if referencing == "sn" else ""
    context = Context(keys=keys, counters=counters, timeout=30)
    now = datetime.now(UTC)
    async with Dlms(parse(f"{scheme}://{where}?{url}{sn}&counter=stored"), context) as meter:
        records = [record async for record in meter.registers([ENERGY])]
        assert isinstance(records[0], Meter)
        assert records[0].serial == "00000001"
        assert isinstance(records[1], Reading)
        assert (records[1].value, records[1].unit) == (Decimal(3976), "Wh")
        clock = await meter.clock()
        assert clock.time is not None
        assert abs(clock.time - now) < timedelta(minutes=5)
        end = now.replace(hour=0, minute=0, second=0, microsecond=0)
        series = [one async for one in meter.profile(PROFILE, end - timedelta(days=2), end)]
        rows = [row for one in series for row in one.rows]
        assert [row.time for row in rows] == [end - timedelta(days=2) + timedelta(minutes=15 * n) for n in range(193)]
    assert bool(counters.asked) == ("security" in url or "gmac" in url)


async def test_a_month_in_one_answer(gurux_server: Callable[..., str]) -> None:
    async with Dlms(parse(f"dlms+hdlc://{gurux_server('--link', 'hdlc', '--info', '2030')}"), Context()) as meter:
        [series] = [one async for one in meter.profile(PROFILE, None, None)]
    assert len(series.rows) == 2976
    assert len({row.time for row in series.rows}) == 2976


async def test_a_wrong_password(gurux_server: Callable[..., str], keys: Any) -> None:
    keys.secrets["lls"] = b"11111111"
    where = gurux_server("--authentication", "lls")
    with pytest.raises(AccessDenied, match="refuses the association") as error:
        async with Dlms(parse(f"dlms://{where}?auth=lls"), Context(keys=keys)) as meter:
            await meter.identify()
    assert "11111111" not in repr(error.value) + str(error.value)


@pytest.mark.parametrize("which", ["ek", "ak"])
async def test_a_wrong_key(gurux_server: Callable[..., str], keys: Any, counters: Any, which: str) -> None:
    keys.secrets[which] = bytes(16)
    where = gurux_server("--authentication", "gmac", "--security", "both")
    with pytest.raises((KeyRejected, AccessDenied)):
        async with Dlms(
            parse(f"dlms://{where}?auth=gmac&security=both&counter=stored"),
            Context(keys=keys, counters=counters, timeout=5),
        ) as meter:
            await meter.identify()
