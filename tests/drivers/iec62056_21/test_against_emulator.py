"""The driver against the strict emulator: every mode, every fault of the line, and every way a meter can refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context
from drivers.errors import AccessDenied, BadFrame, LinkLost, NoAnswer
from drivers.iec62056_21.driver import Iec62056_21
from drivers.meter_url import parse
from drivers.reading import Meter, Reading, Record

pytestmark = pytest.mark.paced
Emulate = Callable[..., str]


async def read(port: str, query: str = "", **context: Any) -> list[Record]:
    async with Iec62056_21(parse(f"iec62056-21:{port}{query}"), Context(**context)) as meter:
        return [record async for record in meter.registers()]


def energy(records: list[Record]) -> Decimal:
    return next(r.value for r in records if isinstance(r, Reading) and str(r.obis) == "1-0:1.8.0*255")


@pytest.mark.parametrize(
    "faults",
    [
        (),
        ("tr=20",),
        ("late-tr",),
        ("echo",),
        ("parity-error",),
        *(
            pytest.param((fault,), marks=pytest.mark.slow)
            for fault in (
                "partial-echo",
                "chunk",
                "noise",
                "rubout",
                "wrong-bcc-once",
                "lost-char",
                "flipped-bit",
                "gap",
                "ack-echo",
                "lf-only",
                "bcc-newline",
                "no-parity",
                "break-after-block",
            )
        ),
    ],
)
async def test_read_through_every_fault_of_the_line(emulate: Emulate, faults: tuple[str, ...]) -> None:
    records = await read(emulate("mode-e", *faults))
    assert energy(records) == Decimal("518.22")
    assert all(record.checked for record in records if isinstance(record, Reading))


@pytest.mark.parametrize(
    "profile",
    [
        "history-star",
        pytest.param("mode-a", marks=pytest.mark.slow),
        pytest.param("mode-b-heat", marks=pytest.mark.slow),
    ],
)
async def test_modes_a_b_and_c(emulate: Emulate, profile: str) -> None:
    records = await read(emulate(profile))
    assert len([record for record in records if isinstance(record, Reading)]) >= 2
    assert all(record.checked for record in records if isinstance(record, Reading))


async def test_an_address_is_asked_for_and_only_its_meter_answers(emulate: Emulate) -> None:
    port = emulate("mode-e")
    meter = next(record for record in await read(port) if isinstance(record, Meter))
    assert energy(await read(port, f"?address={meter.serial}")) == Decimal("518.22")
    with pytest.raises(NoAnswer, match="silent"):
        await read(port, "?address=00000001")


@pytest.mark.slow
async def test_a_meter_that_does_not_change_its_speed_is_read_slower(emulate: Emulate) -> None:
    assert energy(await read(emulate("mode-e", "refuse-baud"))) == Decimal("518.22")


@pytest.mark.slow
async def test_what_worked_is_remembered_by_the_next_driver(emulate: Emulate, tmp_path: Path) -> None:
    port, memory = emulate("mode-e", "refuse-baud"), {}  # type: ignore[var-annotated]

    def asked(trace: Path) -> list[str]:
        """The option select messages that were sent, their parity bits taken off."""
        lines = [json.loads(line) for line in trace.read_text().splitlines()]
        sent = [bytes(value & 0x7F for value in bytes.fromhex(line["tx"])) for line in lines if "tx" in line]
        return [data[1:4].decode() for data in sent if data.startswith(b"\x06")]

    assert energy(await read(port, trace=tmp_path / "first", memory=memory)) == Decimal("518.22")
    assert len(asked(tmp_path / "first")) > 1
    assert energy(await read(port, trace=tmp_path / "second", memory=memory)) == Decimal("518.22")
    assert asked(tmp_path / "second") == ["000"]


async def test_stored_values_have_the_period_of_their_reset(emulate: Emulate) -> None:
    records = await read(emulate("history-ampersand"), zone=ZoneInfo("Europe/Berlin"))
    stored = [record for record in records if isinstance(record, Reading) and record.obis.f != 255]
    assert stored
    assert any(record.period is not None and record.period.end is not None for record in stored)


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        ("silent", NoAnswer, "silent.*check the probe"),
        pytest.param(
            "wrong-bcc", BadFrame, "block check character .* and again after a repeat", marks=pytest.mark.slow
        ),
        pytest.param("stop-mid-block", NoAnswer, "no data after the identification", marks=pytest.mark.slow),
        ("error", AccessDenied, r"\(ERROR\)"),
        ("unplug", LinkLost, "went away"),
    ],
)
async def test_every_way_to_fail_is_one_typed_error(
    emulate: Emulate, fault: str, error: type[Exception], text: str
) -> None:
    port = emulate("mode-e", fault)
    with pytest.raises(error, match=text) as caught:
        await read(port)
    assert port in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_deadline_of_the_caller_is_kept(emulate: Emulate) -> None:
    with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
        await read(emulate("mode-e"), timeout=0.5)


async def test_a_trace_replays_to_the_same_records(emulate: Emulate, tmp_path: Path) -> None:
    file = tmp_path / "field.trace"
    live = await read(emulate("mode-e", "wrong-bcc-once"), trace=file)
    replayed = await read(str(file))
    assert json.loads(file.read_text().splitlines()[0])["trace"] == "metergate-trace"

    def values(records: list[Record]) -> list[tuple[str, str]]:
        return [(str(record.obis), record.raw) for record in records if isinstance(record, Reading)]

    assert values(replayed) == values(live)
