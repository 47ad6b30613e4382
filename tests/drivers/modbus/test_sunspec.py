"""SunSpec: discovery, the meter models, and immediate controls written in the order that is safe and read back."""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.driver import Context
from drivers.errors import NotSupported, UsageError
from drivers.modbus.driver import Modbus
from drivers.modbus.registers import Library
from drivers.modbus.sunspec.models import METERS, models
from drivers.reading import Meter, MeterEvent, NotUnderstood, Obis, Reading, Record
from drivers.registry import open_driver
from hil.modbus import image_device
from hil.modbus.device import Device
from hil.peers import environment


def twin(repository: Path, name: str) -> Device:
    return image_device.load(repository / "hil/profiles/modbus" / f"{name}.toml")[1]


def opened(where: str) -> Modbus:
    driver = open_driver(f"modbus://{where}?unit=1", Context(timeout=20, meter_map=Library({})))
    assert isinstance(driver, Modbus)
    return driver


async def read(where: str) -> list[Record]:
    async with opened(where) as driver:
        return [record async for record in driver.registers()]


def by_obis(records: list[Record]) -> dict[str, str]:
    return {str(r.obis).removesuffix("*255"): f"{r.value} {r.unit}" for r in records if isinstance(r, Reading)}


async def test_a_meter_with_scale_factors(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-meter"), tcp="mbap", turnaround_s=0)
    records = await read(meter.where)
    assert records[0] == Meter("Twin", "SM-000123", "Wattmeter 3", "2.1", f"modbus://{meter.where}?unit=1")
    values = by_obis(records)
    assert values["1-0:11.7.0"] == "15.23 A"
    assert values["1-0:32.7.0"] == "230.1 V"
    assert values["1-0:14.7.0"] == "50.01 Hz"
    assert values["1-0:16.7.0"] == "-3456 W"
    assert values["1-0:1.8.0"] == "12345670 Wh"
    assert values["1-0:2.8.0"] == "40123450 Wh"
    # 0 in an accumulator is "not accumulated", and no value
    missing = {str(r.obis) for r in records if isinstance(r, NotUnderstood)}
    assert "1-0:22.8.0*255" in missing
    events = [r for r in records if isinstance(r, MeterEvent)]
    assert [(event.log, event.code, event.table) for event in events] == [("Evt", "2", "sunspec.meter")]


async def test_a_value_and_its_scale_factor_come_in_one_response(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-meter"), tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        [record async for record in driver.registers()]
        before = meter.station.counts["requests"]
        [record async for record in driver.registers()]
    assert meter.station.counts["requests"] - before == 1


async def test_floats_at_another_base_and_a_second_meter(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-meter-float"), tcp="mbap", turnaround_s=0)
    records = await read(meter.where)
    assert [r.key for r in records if isinstance(r, Meter)] == ["Twin-SF-000456", "Twin-SF-000456.2"]
    first = by_obis([r for r in records if getattr(r, "meter", "") == "Twin-SF-000456"])
    second = by_obis([r for r in records if getattr(r, "meter", "") == "Twin-SF-000456.2"])
    assert (first["1-0:32.7.0"], first["1-0:2.8.0"]) == ("230.1 V", "123456 Wh")
    assert (second["1-0:32.7.0"], second["1-0:1.8.0"]) == ("231.1 V", "98765 Wh")
    assert "1-0:14.7.0" not in second, "its scale factor is not implemented, so nobody knows what 50 means"


async def test_only_what_is_wanted(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-meter"), tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        records = [record async for record in driver.registers([Obis.parse("1-0:1.8.0")])]
    assert by_obis(records) == {"1-0:1.8.0": "12345670 Wh"}


async def test_a_model_that_nobody_knows_is_said(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-der"), tcp="mbap", turnaround_s=0)
    assert [r.reason for r in await read(meter.where) if isinstance(r, NotUnderstood)] == [
        "SunSpec model 7001 of 3 registers is not read"
    ]


#: In the inverter's twin, model 123 begins here; 704 of the other twin 26 registers on.
M123, M704 = 40002 + 68, 40002 + 68 + 26


@pytest.mark.parametrize(
    ("name", "value", "revert_s", "written"),
    [
        ("disconnect", None, 60, [(3, 60), (4, 0)]),
        ("connect", None, None, [(3, 0), (4, 1)]),
        ("active-power-limit", "60.5", 300, [(7, 300), (5, 6050), (9, 1)]),
        ("active-power-limit-off", None, None, [(9, 0)]),
        ("power-factor", "-0.95", 30, [(12, 30), (10, 65536 - 95), (14, 1)]),
    ],
)
async def test_controls_of_model_123(  # type: ignore[no-untyped-def]
    serve, repository: Path, name: str, value: str | None, revert_s: int | None, written: list[tuple[int, int]]
) -> None:
    device = twin(repository, "sunspec-inverter")
    meter = await serve(device, tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        done = await driver.control(name, None if value is None else Decimal(value), revert_s)
        assert set(await driver.controls()) >= {"connect", "disconnect", "active-power-limit", "power-factor"}
    assert done.confirmed
    assert device.written == [("holding", M123 + offset, word) for offset, word in written]


async def test_model_704_is_preferred_and_has_longer_times(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    device = twin(repository, "sunspec-der")
    meter = await serve(device, tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        done = await driver.control("active-power-limit", Decimal("33.3"), 100_000)
        factor = await driver.control("power-factor", Decimal("-0.9"), 10)
    assert (done.in_effect, factor.in_effect) == (Decimal("33.3"), Decimal("-0.9"))
    words = [(address - M704, word) for _, address, word in device.written]
    assert words[:5] == [(18, 1), (19, 100_000 - 65536), (17, 0), (15, 333), (14, 1)]
    assert words[5:] == [(4, 0), (5, 10), (3, 0), (59, 900), (60, 1), (2, 1)]


async def test_what_a_device_does_not_take_is_not_confirmed(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    """An inverter that ignores the switch: what was asked is not in effect, and that is said."""
    device = twin(repository, "sunspec-inverter")
    stubborn = device.tables["holding"]
    device.tables["holding"] = type("Stubborn", (dict,), {"__setitem__": lambda self, at, word: None})(stubborn)
    meter = await serve(device, tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        done = await driver.control("active-power-limit", Decimal(50))
    assert done.in_effect is None
    assert not done.confirmed


async def test_what_is_not_allowed_is_not_written(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    device = twin(repository, "sunspec-inverter")
    meter = await serve(device, tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        for name, value in (("active-power-limit", "101"), ("active-power-limit", None), ("connect", "1"), ("x", None)):
            with pytest.raises(UsageError):
                await driver.control(name, None if value is None else Decimal(value))
        with pytest.raises(UsageError, match="exactly"):
            await driver.control("active-power-limit", Decimal("33.333"))
    assert device.written == []


async def test_a_meter_without_controls_says_so(serve, repository: Path) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(twin(repository, "sunspec-meter"), tcp="mbap", turnaround_s=0)
    async with opened(meter.where) as driver:
        with pytest.raises(NotSupported, match="no SunSpec model"):
            await driver.control("disconnect")


def test_the_tables_are_those_of_the_facts(shared: Path) -> None:
    for model in (1, *sorted(METERS)):
        with (shared / f"facts/modbus_maps/sunspec_model_{model}.csv").open(newline="") as file:
            rows = {row["name"]: row for row in csv.DictReader(file) if row["name"] not in ("ID", "L", "Pad")}
        ours = {point.offset: point for point in models()[model].values()}
        assert {int(row["address"]) for row in rows.values()} == set(ours)
        for row in rows.values():
            point = ours[int(row["address"])]
            assert point.registers == int(row["registers"])
            assert row["note"].split(";")[0] == point.type
            assert row["note"].split("sf=")[1].split(";")[0] == point.sf


@pytest.mark.peer
def test_the_tables_are_those_of_pysunspec2() -> None:
    """Every point of every model that we have, beside the models that pysunspec2 carries."""
    try:
        python = environment.python("pysunspec2")
    except environment.PeerUnavailable as error:
        pytest.skip(str(error))
    code = """
import json, os, sunspec2
folder = os.path.join(os.path.dirname(sunspec2.__file__), 'models', 'json')
def points(group, prefix, at, out):
    for p in group['points']:
        if p['name'] not in ('ID', 'L') and p['type'] != 'pad':
            out[at] = [prefix + p['name'], p['size'], p['type'], p.get('sf') or '']
        at += p['size']
    for inner in group.get('groups', []):
        at = points(inner, prefix + inner['name'] + '.', at, out)
    return at
result = {}
for model in (1, 123, 201, 202, 203, 204, 211, 212, 213, 214, 704):
    points(json.load(open(os.path.join(folder, f'model_{model}.json')))['group'], '', 0, result.setdefault(model, {}))
print(json.dumps(result))
"""
    told = json.loads(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert {int(model) for model in told} == set(models())
    for model, theirs in told.items():
        ours = {str(p.offset): [p.name, p.registers, p.type, p.sf] for p in models()[int(model)].values()}
        if model == "201":  # names three line voltages in another way than its sisters
            theirs = {at: [name.replace("PPVph", "PhVph"), *rest] for at, (name, *rest) in theirs.items()}
        assert ours == theirs


#: pysunspec2 as a client: every point of every meter model with its value, the scale factor applied.
CLIENT = """
import json, sys
import sunspec2.modbus.client as client
device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr=sys.argv[1], ipport=int(sys.argv[2]))
device.scan()
print(json.dumps({
    str(model): {name: point.cvalue for name, point in device.models[model][0].points.items()}
    for model in device.models if isinstance(model, int)
}))
"""


@pytest.mark.peer
@pytest.mark.parametrize("name", ["sunspec-meter", "sunspec-meter-float"])
async def test_pysunspec2_reads_the_same_values_of_the_twins(serve, repository: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    try:
        python = environment.python("pysunspec2")
    except environment.PeerUnavailable as error:
        pytest.skip(str(error))
    meter = await serve(twin(repository, name), tcp="mbap", turnaround_s=0)
    host, _, port = meter.where.partition(":")
    process = await asyncio.create_subprocess_exec(
        python, "-c", CLIENT, host, port, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    told = json.loads(out)
    records = await read(meter.where)
    key = next(r.key for r in records if isinstance(r, Meter))
    ours = {r.obis: r.value for r in records if isinstance(r, Reading) and r.meter == key}
    model = next(number for number in told if int(number) in METERS)
    compared = 0
    for point in models()[int(model)].values():
        if point.obis is None or told[model].get(point.name) is None:
            continue
        if point.type == "acc32" and told[model][point.name] == 0:
            continue  # not accumulated
        assert float(ours[point.obis]) == pytest.approx(told[model][point.name], rel=1e-6), point.name
        compared += 1
    assert compared >= 10
