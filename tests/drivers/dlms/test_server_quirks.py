"""The driver against the emulated meter's faults: what real servers do wrong is borne, the rest is said by its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drivers.dlms.association import AssociationRefused
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.errors import KeyRejected, LinkLost, MeterError, NoAnswer, NotSupported
from drivers.meter_url import parse
from drivers.reading import Obis, Reading

PROFILE = Obis(1, 0, 99, 1, 0)
WRAPPER, HDLC, SECURED = "dlms/household", "dlms/hdlc-tcp", "dlms/secured"
GMAC = "client=1&auth=gmac&security=both"

#: faults that cost nothing but time
BORNE = [
    *((WRAPPER, "", fault) for fault in (
        "stale-association=3000", "late-reply=1500", "list-blocks-03", "clock-garbage=3", "protocol-version", "context-03",
        "rlre-wrong-length", "rlre-empty", "gbt-unasked", "event-notification=5", "kill-unknown", "aare-bare", "one-connection",
    )),
    *((HDLC, "", fault) for fault in (
        "fcs-7e", "lost-frame=4", "deaf-frame=4", "repeat-frame=4", "wrong-fcs=4", "noise=5", "rnr=1", "unasked-ui",
        "exception-no-llc", "snrm-parameters", "nr-0", "no-negotiation",
    )),
    *((SECURED, GMAC, fault) for fault in (
        "counter-demand=100000", "deciphering-error", "glo-only", "gmac-16", "hls-bare",
    )),
    (SECURED, "client=19&auth=md5", "hls-bare"),
    ("dlms/short-names-wrapper", "sn=yes", "vaa-0007"),
    ("dlms/short-names-wrapper", "sn=yes", "sn-list-in-blocks"),
]  # fmt: skip

#: faults that end it, each with its word
SAID: list[tuple[str, str, str, type[MeterError], str]] = [
    (WRAPPER, "", "silent", NoAnswer, "does not answer"),
    (WRAPPER, "", "refuse-association", AssociationRefused, "refuses the association"),
    (WRAPPER, "", "truncated-apdu=20", Damaged, "promised"),
    (WRAPPER, "", "malformed-last-block", Damaged, "promised"),
    (WRAPPER, "", "wrong-block-number", Damaged, "was awaited"),
    (WRAPPER, "", "close-mid-block=2", LinkLost, "closed the connection"),
    (HDLC, "", "dm=3", LinkLost, "not connected"),
    (HDLC, "", "frmr=3", LinkLost, "FRMR"),
    (SECURED, GMAC, "wrong-tag", KeyRejected, "tag is wrong"),
    (SECURED, "client=24&security=both&style=general-glo", "glo-only", NotSupported, "not supported"),
]


async def _read(where: str, profile: str, parameters: str, context: Context) -> int:
    scheme = "dlms+hdlc" if profile == HDLC else "dlms"
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with Dlms(parse(f"{scheme}://{where}?{parameters}"), context) as meter:
        readings = [record async for record in meter.registers() if isinstance(record, Reading)]
        assert len(readings) == 13
        assert (await meter.clock()).time is not None
        series = [one async for one in meter.profile(PROFILE, until - timedelta(hours=6), until)]
    return sum(len(one.rows) for one in series)


@pytest.fixture
def context(keys: Any, counters: Any) -> Context:
    keys.secrets["hls"] = b"0" * 16
    return Context(keys=keys, counters=counters, timeout=12)


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "parameters", "fault"), BORNE, ids=lambda value: value or "-")
async def test_it_is_borne(
    emulated_meter: Callable[..., str], context: Context, profile: str, parameters: str, fault: str
) -> None:
    assert await _read(emulated_meter(profile, fault), profile, parameters, context) == 25


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "parameters", "fault", "kind", "words"), SAID, ids=lambda value: str(value)[:40])
async def test_it_is_said(
    emulated_meter: Callable[..., str],
    context: Context,
    profile: str,
    parameters: str,
    fault: str,
    kind: type[MeterError],
    words: str,
) -> None:
    with pytest.raises(kind, match=words) as error:
        await _read(emulated_meter(profile, fault), profile, parameters, context)
    assert error.value.do


@pytest.mark.slow
async def test_an_answer_to_another_request_is_never_taken(
    emulated_meter: Callable[..., str], context: Context
) -> None:
    with pytest.raises(NoAnswer):
        await _read(emulated_meter(WRAPPER, "wrong-invoke-id"), WRAPPER, "", context)
