"""Other people's clients and parsers, in processes of their own, agree with what the emulated meters say."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from hil import catalogue
from hil.peers.environment import PeerUnavailable, python
from hil.push.sml import SmlMeter
from hil.push.text import TextMeter

pytestmark = pytest.mark.peer

READOUT = """
import json, sys
from iec62056_21.client import Iec6205621Client
client = Iec6205621Client.with_serial_transport(port=sys.argv[1])
client.connect()
answer = client.standard_readout()
print(json.dumps([[s.address, s.value, s.unit] for s in answer.data]))
"""
SML = """
import json, sys
from smllib import SmlStreamReader
reader = SmlStreamReader()
reader.add(bytes.fromhex(sys.stdin.read()))
frame = reader.get_frame()
print(json.dumps([[e.obis, str(e.value), e.scaler, e.unit] for e in frame.get_obis()]))
"""
P1 = """
import json, sys
from dsmr_parser import telegram_specifications as specifications
from dsmr_parser.parsers import TelegramParser
telegram = TelegramParser(getattr(specifications, sys.argv[1])).parse(sys.stdin.read())
print(telegram.ELECTRICITY_USED_TARIFF_1.value)
"""


def ask(peer: str, code: str, *arguments: str, given: str = "") -> str:
    try:
        interpreter = python(peer)
    except PeerUnavailable as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [str(interpreter), "-c", code, *arguments], input=given, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def data(profile: str) -> dict[str, Any]:
    return tomllib.loads(catalogue.data_file(profile).read_text())


def test_the_python_client_reads_mode_c(emulator: Callable[..., Any]) -> None:
    # It sleeps half a second and opens the port anew before it listens: it needs a slow meter.
    emulated = emulator("iec62056-21/history-star", "--fault", "tr=900")
    sets = json.loads(ask("iec62056-21", READOUT, emulated.path))
    assert ["1.8.0", "0012345.678", "kWh"] in sets
    assert ["1.8.0*04", "0012101.420", "kWh"] in sets
    assert len(sets) == data("iec62056-21/history-star")["tables"]["0"].count("(")


@pytest.mark.parametrize("profile", ["sml/ehz", "sml/two-way", "sml/locked"])
def test_smllib_reads_what_the_sml_meters_push(profile: str) -> None:
    frame = SmlMeter(data(profile)).telegram(0)
    entries = json.loads(ask("smllib", SML, given=frame.hex()))
    # get_obis looks for names that begin with 01 (electricity) and passes over makers' own.
    expected = [entry for entry in data(profile)["entry"] if entry["obis"].startswith("01")]
    for entry, (obis, value, scaler, unit) in zip(expected, entries, strict=True):
        assert obis.upper() == entry["obis"]
        assert (scaler, unit) == (entry.get("scaler"), entry.get("unit"))
        if "value" in entry:
            assert int(value) == entry["value"]


@pytest.mark.parametrize(
    ("profile", "specification", "value"),
    [("p1/dsmr-5", "V5", "3306.441"), ("p1/dsmr-4", "V4", "1892.334"), ("p1/be-e-mucs", "BELGIUM_FLUVIUS", "771.034")],
)
def test_dsmr_parser_reads_what_the_p1_meters_push(profile: str, specification: str, value: str) -> None:
    telegram = TextMeter(data(profile)).telegram(0).decode()
    assert ask("dsmr-parser", P1, specification, given=telegram).strip() == value
