"""Push telegrams into numbers: P1 and SML beside the libraries that others use, in one run.

The telegrams are those of the emulated meters, one of each kind. Ours goes the whole way, from bytes as they come off the
line to records with the check looked at; so does the peer, in a process of its own, with the specification that covers the
most of each telegram. Figures are telegrams per second of processor time over the whole mix, the best of many rounds, ours
and the peer's taken in turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from row import Row

from hil import catalogue
from hil.peers.environment import PeerUnavailable, python
from hil.push.sml import SmlMeter
from hil.push.text import TextMeter

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5

#: emulated meter -> dsmr-parser's specification for it.
P1 = {
    "p1/dsmr-2.2": "V2_2",
    "p1/dsmr-4": "V4",
    "p1/dsmr-5": "V5",
    "p1/be-e-mucs": "BELGIUM_FLUVIUS",
    "p1/se": "SWEDEN",
}
SML = ("sml/ehz", "sml/two-way", "sml/kermit", "sml/short-signed", "sml/locked")

TIMED = """
import json, sys, timeit
given = json.load(sys.stdin)
jobs = {name: prepared(telegram, spec) for name, (telegram, spec) in given.items()}
times = {}
for name, job in jobs.items():
    try:
        job()
    except Exception as error:  # a peer may refuse a telegram: then it has no figure
        print(f"{name}: refused, {type(error).__name__}", file=sys.stderr)
        continue
    times[name] = min(timeit.repeat(job, timer=__import__("time").process_time, number=40, repeat=25)) / 40
print(json.dumps([times, {name: told(job()) for name, job in jobs.items() if name in times}]))
"""
OUR_P1 = """
from drivers.driver import Context
from drivers.p1.driver import P1Stream
from zoneinfo import ZoneInfo
from drivers.reading import Meter
context = Context(zone=ZoneInfo("Europe/Amsterdam"))
def prepared(telegram, spec):
    data = telegram.encode()
    stream = P1Stream("bench", context)
    def job():
        (heard,) = stream.feed(data)
        assert not heard.complaint
        return heard.records
    return job
def told(records):
    return " ".join(getattr(r, "raw", "") or str(getattr(r, "log", "") or getattr(r, "profile", "")) for r in records)
"""
PEER_P1 = """
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser
def prepared(telegram, spec):
    parser = TelegramParser(getattr(telegram_specifications, spec))
    return lambda: parser.parse(telegram)
def told(telegram):
    return str(telegram)
"""
OUR_SML = """
from drivers.driver import Context
from drivers.sml.driver import SmlStream
context = Context()
def prepared(telegram, spec):
    data = bytes.fromhex(telegram)
    stream = SmlStream("bench", context)
    def job():
        (heard,) = stream.feed(data)
        assert not heard.complaint
        return heard.records
    return job
def told(records):
    return len(records)
"""
PEER_SML = """
from smllib import SmlStreamReader
def prepared(telegram, spec):
    data = bytes.fromhex(telegram)
    reader = SmlStreamReader(crc=spec)
    def job():
        reader.add(data)
        return reader.get_frame().get_obis()
    return job
def told(entries):
    return len(entries)
"""


def rows() -> Iterator[Row]:
    yield from _p1()
    yield from _sml()


def _p1() -> Iterator[Row]:
    telegrams = {name: (_text(name), spec) for name, spec in P1.items()}
    ours, theirs, said = _measured(OUR_P1, "dsmr-parser", PEER_P1, telegrams)
    yield from _speeds("P1 telegram", "dsmr-parser 1.11.2", ours, theirs, 8)
    dropped = sum(
        line not in said[name] and line.split("(")[0] + "*255" not in said[name] for name in P1 for line in _lines(name)
    )
    yield Row(f"P1 lines dropped, of {sum(len(_lines(name)) for name in P1)}", dropped, "lines", 0)


def _sml() -> Iterator[Row]:
    telegrams = {name: (_frame(name), "kermit" if name == "sml/kermit" else "x25") for name in SML}
    ours, theirs, _ = _measured(OUR_SML, "smllib", PEER_SML, telegrams)
    yield from _speeds("SML frame", "smllib 1.7 get_obis", ours, theirs, 1.5)


def _speeds(what: str, peer: str, ours: dict[str, float], theirs: dict[str, float], wanted: float) -> Iterator[Row]:
    for name in ours:
        size = f"{what} {name.partition('/')[2]}"
        yield Row(f"{size}: metergate", 1 / ours[name], "/s")
        if name in theirs:
            yield Row(f"{size}: against {peer}", theirs[name] / ours[name], "×")
    both = [name for name in ours if name in theirs]
    if both:
        ratio = sum(theirs[name] for name in both) / sum(ours[name] for name in both)
        yield Row(f"{what}s, the mix of {len(both)}: against {peer}", ratio, "×", wanted, most=False)


def _measured(
    ours: str, peer: str, theirs: str, telegrams: dict[str, tuple[str, str]]
) -> tuple[dict[str, float], dict[str, float], dict[str, str]]:
    try:
        other = str(python(peer))
    except PeerUnavailable as error:
        print(f"no peer: {error}", file=sys.stderr)
        other = ""
    mine: dict[str, float] = {}
    yours: dict[str, float] = {}
    said: dict[str, str] = {}
    for _ in range(ROUNDS):
        times, said = _run(sys.executable, ours, telegrams)
        mine = {name: min(time, mine.get(name, time)) for name, time in times.items()}
        if other:
            times, _ = _run(other, theirs, telegrams)
            yours = {name: min(time, yours.get(name, time)) for name, time in times.items()}
    return mine, yours, said


def _run(
    interpreter: str, program: str, telegrams: dict[str, tuple[str, str]]
) -> tuple[dict[str, float], dict[str, str]]:
    given = json.dumps(telegrams)
    done = subprocess.run(
        [interpreter, "-c", program + TIMED], input=given, capture_output=True, text=True, check=True, cwd=ROOT
    )
    print(done.stderr, end="", file=sys.stderr)
    times, said = json.loads(done.stdout)
    return times, said


def _text(name: str) -> str:
    return TextMeter(tomllib.loads(catalogue.data_file(name).read_text())).telegram(0).decode()


def _frame(name: str) -> str:
    return SmlMeter(tomllib.loads(catalogue.data_file(name).read_text())).telegram(0).hex()


def _lines(name: str) -> list[str]:
    return [line for line in _text(name).splitlines()[2:] if line and line[0] not in "!("]
