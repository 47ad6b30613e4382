"""The driver against the emulated meter's secured associations: every mechanism, protection, framing and suite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.dlms.driver import Dlms
from drivers.dlms.elliptic import octets_of
from drivers.driver import Context
from drivers.errors import KeyRejected, UsageError
from drivers.meter_url import parse
from drivers.reading import Obis

PROFILE = Obis(1, 0, 99, 1, 0)
PLAIN = ["client=17&auth=lls"] + [
    f"client={client}&auth={auth}"
    for client, auth in [(18, "hls"), (19, "md5"), (20, "sha1"), (21, "gmac"), (22, "sha256")]
]
PROTECTED = ["client=25&security=authenticated", "client=26&security=encrypted", "client=1&auth=gmac&security=both"]
STYLES = [f"client=24&security=both&style={style}" for style in ("glo", "ded", "general-glo", "general-ded", "general")]


@pytest.fixture
def context(keys: Any, counters: Any) -> Context:
    keys.secrets["hls"] = b"0" * 16
    return Context(keys=keys, counters=counters, timeout=30)


async def _reads(url: str, context: Context) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with Dlms(parse(url), context) as meter:
        assert (await meter.identify()).serial == "12345678"
        series = [one async for one in meter.profile(PROFILE, until - timedelta(hours=3), until)]
        assert [len(one.rows) for one in series] == [13]
        assert all(one.checked for one in series) == ("security=encrypted" not in url)


async def test_every_mechanism_and_protection_of_suite_0(emulated_meter: Callable[..., str], context: Context) -> None:
    where = emulated_meter("dlms/secured")
    for parameters in PLAIN:
        async with Dlms(parse(f"dlms://{where}?{parameters}"), context) as meter:
            assert (await meter.identify()).serial == "12345678"
    for parameters in [*PROTECTED, *STYLES]:
        await _reads(f"dlms://{where}?{parameters}", context)


@pytest.mark.slow
@pytest.mark.parametrize("suite", [1, 2])
async def test_elliptic_curves(emulated_meter: Callable[..., str], context: Context, keys: Any, suite: int) -> None:
    """The meter's private keys are 01 ... and 02 ...; ours are 03 ... (signature) and 04 ... (agreement)."""
    size, curve = (32, ec.SECP256R1()) if suite == 1 else (48, ec.SECP384R1())

    def public(digit: int) -> bytes:
        return octets_of(ec.derive_private_key(int.from_bytes(bytes((digit,)) * size, "big"), curve).public_key())

    keys.secrets |= {"sign": b"\x03" * size, "agree": b"\x04" * size, "verify": public(1), "agree_meter": public(2)}
    if suite == 2:
        keys.secrets |= {name: keys.secrets[name] * 2 for name in ("ek", "ak")}
    where = emulated_meter(f"dlms/secured-suite-{suite}")
    for parameters in (
        "client=23&auth=ecdsa",
        "client=1&auth=gmac&security=both",
        "client=24&security=both&style=general",
        "client=24&security=both&style=ded",
    ):
        await _reads(f"dlms://{where}?suite={suite}&{parameters}", context)
    keys.secrets["verify"] = public(2)
    with pytest.raises(KeyRejected, match="answer to our challenge is wrong"):
        await _reads(f"dlms://{where}?suite={suite}&client=23&auth=ecdsa", context)


async def test_general_block_transfer(emulated_meter: Callable[..., str], context: Context) -> None:
    where = emulated_meter("dlms/block-transfer")
    async with Dlms(parse(f"dlms://{where}?client=24&security=both"), context) as meter:
        [series] = [one async for one in meter.profile(PROFILE, None, None)]
    assert len(series.rows) == 2976


@pytest.mark.parametrize("profile", ["dlms/short-names-wrapper", "dlms/short-names"])
async def test_short_names(emulated_meter: Callable[..., str], context: Context, keys: Any, profile: str) -> None:
    scheme = "dlms" if profile.endswith("wrapper") else "dlms+hdlc"
    url = f"{scheme}://{emulated_meter(profile)}?sn=yes"
    await _reads(url, context)
    await _reads(f"{url}&client=32&auth=lls", context)
    await _reads(f"{url}&client=48&auth=md5", context)


async def test_what_is_said_of_wrong_keys(emulated_meter: Callable[..., str], context: Context, keys: Any) -> None:
    where = emulated_meter("dlms/secured")
    secured = f"dlms://{where}?client=1&auth=gmac&security=both"
    for name in ("ek", "ak"):
        right, keys.secrets[name] = keys.secrets[name], bytes(16)
        with pytest.raises(KeyRejected, match="key"):
            await _reads(secured, context)
        keys.secrets[name] = right
    keys.secrets["ek"] = bytes(15)
    with pytest.raises(UsageError, match="has 15 bytes, security suite 0 takes 16"):
        await _reads(secured, context)
    del keys.secrets["ek"]
    with pytest.raises(UsageError, match="the encryption key is missing"):
        await _reads(secured, context)
    keys.secrets["hls"] = b"1" * 16
    for auth, client in (("md5", 19), ("sha1", 20), ("sha256", 22)):
        with pytest.raises(KeyRejected, match="secret"):
            await _reads(f"dlms://{where}?client={client}&auth={auth}", context)


@pytest.mark.slow
async def test_the_counter_is_the_meters_and_is_never_lowered(
    emulated_meter: Callable[..., str], context: Context, counters: Any
) -> None:
    url = f"dlms://{emulated_meter('dlms/secured')}?client=1&auth=gmac&security=both"
    await _reads(url, context)
    [name] = counters.next
    first = counters.next[name]
    await _reads(url, context)
    assert counters.next[name] > first
    # A store that was lost: the meter's own counter, read through the public client, says where to go on.
    counters.next.clear()
    await _reads(url, context)
    assert counters.next[name] > first - 100
    # A store that is far ahead is not brought back.
    counters.next[name] = 1_000_000
    await _reads(url, context)
    assert counters.next[name] > 1_000_000


async def test_a_counter_that_is_too_low_is_told_or_raised(
    emulated_meter: Callable[..., str], context: Context, counters: Any
) -> None:
    """Where the public client is not asked, the meter's exception-response says which counter it expects."""
    url = f"dlms://{emulated_meter('dlms/secured')}?client=24&security=both"
    await _reads(url, context)
    counters.next.clear()
    await _reads(f"{url}&counter=stored", context)
    assert max(counters.next.values()) > 1


async def test_without_a_store_the_counter_is_the_meters(emulated_meter: Callable[..., str], context: Context) -> None:
    url = f"dlms://{emulated_meter('dlms/secured')}?client=1&auth=gmac&security=both"
    for _ in range(2):
        await _reads(url, replace(context, counters=None))
