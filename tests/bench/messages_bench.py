"""A month of quarter hours of four channels, with qualities, as MeterReadings: written, read strictly, and beside others."""

from __future__ import annotations

import gc
import io
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lxml import etree

from drivers.reading import Column, Doubt, Meter, Obis, Row as Entry, Series
from gateway.cim import quality
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.compose import Composed, meter_readings
from hil.peers.environment import PeerUnavailable
from messages_peer import peer_seconds
from row import Row

ROWS = 2976
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACE = "http://iec.ch/TC57/2011/MeterReadings#"
COLUMNS = tuple(
    Column(Obis.parse(f"1-0:{c}.29.0"), unit) for c, unit in ((1, "kWh"), (2, "kWh"), (3, "kvarh"), (4, "kvarh"))
)
METER = Meter("ABC", "12345678")
#: One interval in ten carries a quality.
DOUBTFUL = 10


def series(rows: int = ROWS) -> Series:
    entries = tuple(
        Entry(
            START + timedelta(minutes=15 * (n + 1)),
            tuple(Decimal(n * (c + 1)).scaleb(-3) for c in range(len(COLUMNS))),
            (Doubt.POWER_FAILED,) if n % DOUBTFUL == 0 else (),
        )
        for n in range(rows)
    )
    return Series(METER.key, Obis.parse("1-0:99.1.0"), 900, COLUMNS, entries, START)


def composed(rows: int = ROWS) -> Composed:
    made = meter_readings([METER, series(rows)], Rules.load())
    if made.left_out:
        raise RuntimeError(f"not everything is written: {made.left_out}")
    return made


def by_hand(load: Series, kinds: list[str], sink: io.BytesIO) -> None:
    """The same elements by ``lxml.etree.xmlfile``, from the same rows: what one would write without declarations."""
    meter = METER.key
    with etree.xmlfile(sink, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element("MeterReadings", nsmap={None: NAMESPACE}), file.element("MeterReading"):
            for number, kind in enumerate(kinds):
                with file.element("IntervalBlocks"):
                    for row in load.rows:
                        with file.element("IntervalReadings"):
                            with file.element("timeStamp"):
                                file.write(row.time.isoformat()[:-6] + "Z")
                            with file.element("value"):
                                file.write(f"{row.values[number]:f}")
                            for doubt in row.doubts:
                                code = quality.code(doubt)
                                with file.element("ReadingQualities"), file.element("ReadingQualityType", ref=code):
                                    pass
                    with file.element("ReadingType", ref=kind):
                        pass
            with file.element("Meter"), file.element("Names"), file.element("name"):
                file.write(meter)


def interleaved(*runs: Callable[[], object], times: int = 9) -> list[float]:
    """The median processor time of each, one after the other in turns, so that all see the same machine."""
    seconds: list[list[float]] = [[] for _ in runs]
    for turn in range(times + 1):
        for number, run in enumerate(runs):
            gc.collect()
            before = time.process_time()
            run()
            if turn:
                seconds[number].append(time.process_time() - before)
    return [statistics.median(one) for one in seconds]


def walk(data: bytes) -> int:
    return sum(1 for _ in etree.iterparse(io.BytesIO(data)))


class Nowhere:
    """A sink that keeps nothing."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def peak(rows: int) -> float:
    """The most memory that writing takes, MiB, of a message whose rows are made while they are written."""
    message = composed(rows).message
    codec.write(message, Nowhere())
    tracemalloc.start()
    codec.write(message, Nowhere())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def rows() -> Iterator[Row]:
    load, message = series(), composed().message
    kinds = [block.reading_type for block in next(iter(message.meter_reading)).interval_blocks]
    data = codec.to_bytes(message)
    yield Row(f"{ROWS} rows x {len(COLUMNS)} channels as MeterReadings", len(data) / 2**20, "MiB")

    ours, hand = interleaved(lambda: codec.to_bytes(message), lambda: by_hand(load, kinds, io.BytesIO()))
    yield Row("written, CPU", ours, "s")
    yield Row("written by hand with lxml.etree.xmlfile, CPU", hand, "s")
    yield Row("written / written by hand", ours / hand, "", 1.5)
    small, large = peak(ROWS), peak(8 * ROWS)
    yield Row("most memory while writing", small, "MiB")
    yield Row("the same for eight times as many rows", large / small, "times", 1.1)

    strict, walked = interleaved(lambda: codec.read(data), lambda: walk(data))
    yield Row("read strictly, CPU", strict, "s")
    yield Row("merely walked by lxml.iterparse, CPU", walked, "s")
    yield Row("read strictly / merely walked", strict / walked, "", 4)

    try:
        peer = peer_seconds(data)
    except PeerUnavailable as error:
        print(f"no xsdata to compare with: {error}", file=sys.stderr)
        return
    yield Row(f"read by xsdata ({peer.reader}), CPU", peer.read, "s")
    yield Row("read by xsdata / read strictly", peer.read / strict, "", 4, most=False)
    yield Row(f"written by xsdata ({peer.writer}), CPU", peer.write, "s")
    yield Row("written by xsdata / written", peer.write / ours, "", 4, most=False)
