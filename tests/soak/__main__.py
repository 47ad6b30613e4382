"""``make soak``: the gateway under faults on every link and sinks that flap, for half an hour (``SECONDS=1800``).

At the end: did its memory or its descriptors grow, was a boundary missed outside faults, did every message arrive once and
the same at both sinks? A table and a picture go to ``soak-out/``; the exit code is 1 when something was not as promised.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench import Folder, Gateway, HeadEnd, Meter, meters
from chart import Band, Curve, svg

OUT = Path(__file__).resolve().parents[2] / "soak-out"
EVERY_S = 5
#: After a fault a meter is left in peace for up to half a minute (gateway/acquisition/worker.py), then comes its boundary.
EXCUSED_S = 45.0
#: Messages of one boundary, one a meter.
_AT_ONCE = 4
#: Growth that is none: the allocator's, from one quarter of the run to another.
GROWTH_MIB, GROWTH_DESCRIPTORS = 3.0, 2

CONFIG = """
[gateway]
name = "soak"
state = "{folder}/state"
jitter = "0s"
[[sink]]
type = "directory"
name = "files"
path = "{out}"
[[sink]]
type = "http"
name = "head-end"
url = "http://127.0.0.1:{port}/"
timeout = "2s"
"""
METER = """
[[meter]]
name = "{name}"
url = "{url}"
{map}
[[meter.read]]
every = "{every}s"
deadline = "4s"
"""


@dataclass(slots=True)
class Run:
    """What was seen. Times are seconds since the start."""

    began: float
    memory: list[tuple[float, float]] = field(default_factory=list)
    descriptors: list[tuple[float, float]] = field(default_factory=list)
    waiting: list[tuple[float, float]] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)


@dataclass(slots=True)
class Trouble:
    """Something that is wrong at times: how to begin and end it, and when it will."""

    what: str
    ways: list[tuple[Callable[[], None], Callable[[], None]]]
    longest_s: float
    at: float
    end: Callable[[], None] | None = None
    begun: float = 0.0

    def step(self, now: float, chance: random.Random, run: Run, last_call: float) -> None:
        if now < self.at:
            return
        if self.end is not None:
            self.end()
            self.end = None
            run.bands.append(Band(self.what, self.begun, now))
            self.at = now + chance.uniform(EXCUSED_S, 3 * EXCUSED_S)
        elif now < last_call:
            begin, self.end = chance.choice(self.ways)
            begin()
            self.begun, self.at = now, now + chance.uniform(2, self.longest_s)


def troubles(all_meters: list[Meter], head_end: HeadEnd, folder: Folder) -> list[Trouble]:
    def set_away(away: bool) -> Callable[[], None]:
        return lambda: setattr(head_end, "away", away)

    found = [
        Trouble(one.name, [(one.silence, one.speak), (one.kill, one.start)], 12, 15.0 + 10 * number)
        for number, one in enumerate(one for one in all_meters if one.steady)
    ]
    found.append(Trouble("head-end", [(set_away(True), set_away(False))], 60, 20.0))
    found.append(Trouble("files", [(folder.leave, folder.come_back)], 30, 30.0))
    return found


def ask(store: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def soak(seconds: float, where: Path) -> tuple[Run, list[tuple[str, str, bool]]]:
    """Run it. Returns what was seen, and the rows of the report: what, figure, whether it is as promised."""
    chance, head_end, folder = random.Random(61968), HeadEnd(), Folder(where)
    all_meters = meters(where)
    tables = CONFIG.format(folder=where, out=folder.path, port=head_end.port)
    for one in all_meters:
        shipped = 'map = "eastron/sdm630"' if one.url.startswith("modbus") else ""
        tables += METER.format(name=one.name, url=one.url, every=EVERY_S, map=shipped)
    gateway = Gateway(where, tables)
    run, wrong = Run(time.time()), troubles(all_meters, head_end, folder)
    try:
        while (now := time.time() - run.began) < seconds:
            if gateway.process.poll() is not None:
                raise SystemExit(f"the gateway ended:\n{gateway.log.read_text()[-3000:]}")
            run.memory.append((now, gateway.memory()))
            run.descriptors.append((now, gateway.descriptors()))
            if gateway.store.exists():
                with contextlib.suppress(sqlite3.OperationalError):  # no table yet, in the first second
                    ((waiting,),) = ask(gateway.store, "SELECT count(*) FROM outbox")
                    run.waiting.append((now, float(str(waiting))))
            for trouble in wrong:
                trouble.step(now, chance, run, seconds * 0.8)
            time.sleep(1)
        for trouble in wrong:
            if trouble.end is not None:
                trouble.end()
                run.bands.append(Band(trouble.what, trouble.begun, seconds))
        deadline = time.time() + 120
        while ask(gateway.store, "SELECT 1 FROM outbox LIMIT 1") and time.time() < deadline:
            time.sleep(0.2)
        ended_well = gateway.stop() == 0
    finally:
        for one in all_meters:
            if one.alive:
                one.kill()
        gateway.process.kill()
    return run, [
        *_growth(run),
        *_delivery(gateway, head_end, folder, ended_well),
        *_boundaries(run, gateway, all_meters, seconds),
    ]


def _growth(run: Run) -> list[tuple[str, str, bool]]:
    def quarters(points: list[tuple[float, float]]) -> tuple[float, float]:
        values = [value for _, value in points]
        quarter = max(len(values) // 4, 1)
        return statistics.median(values[quarter : 2 * quarter]), statistics.median(values[-quarter:])

    memory, descriptors = quarters(run.memory), quarters(run.descriptors)
    return [
        (
            "memory, second quarter to last, MiB",
            f"{memory[0]:.1f} to {memory[1]:.1f}",
            memory[1] - memory[0] <= GROWTH_MIB,
        ),
        (
            "descriptors, second quarter to last",
            f"{descriptors[0]:.0f} to {descriptors[1]:.0f}",
            descriptors[1] - descriptors[0] <= GROWTH_DESCRIPTORS,
        ),
    ]


def _delivery(gateway: Gateway, head_end: HeadEnd, folder: Folder, ended_well: bool) -> list[tuple[str, str, bool]]:
    ((accepted,),) = ask(gateway.store, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
    # Reading went on until the end: what was accepted last may wait, and is counted with what arrived.
    waiting = {sink: {body for _, body in rows} for sink, rows in _by_sink(gateway.store).items()}
    at_head_end, in_folder = set(head_end.got.values()), folder.bodies()
    whole = at_head_end | waiting["head-end"], in_folder | waiting["files"]
    same = whole[0] == whole[1] and len(whole[0]) + len(whole[1]) == accepted
    few = sum(map(len, waiting.values())) <= 2 * _AT_ONCE
    return [
        ("messages accepted for each of two sinks", str(int(str(accepted)) // 2), True),
        ("messages at the head end, and in the folder", f"{len(at_head_end)}, {len(in_folder)}", same),
        (
            "came again with the same bytes; with others",
            f"{head_end.again}; {len(head_end.differing)}",
            not head_end.differing,
        ),
        ("messages that wait at the end", str(sum(map(len, waiting.values()))), few),
        ("ended by SIGTERM with 0", "yes" if ended_well else "no", ended_well),
        ("lines in the log", str(gateway.log.read_text().count("\n")), True),
    ]


def _by_sink(store: Path) -> dict[str, list[tuple[object, ...]]]:
    rows = ask(store, "SELECT sink, body FROM outbox")
    return {sink: [row for row in rows if row[0] == sink] for sink in ("head-end", "files")}


def _boundaries(run: Run, gateway: Gateway, all_meters: list[Meter], seconds: float) -> list[tuple[str, str, bool]]:
    rows = []
    for one in all_meters:
        read = {
            int(str(moment)) / 1e6
            for (moment,) in ask(
                gateway.store,
                "SELECT DISTINCT read_at FROM reading JOIN place ON place.meter = reading.meter"
                f" WHERE place.name = '{one.name}'",
            )
        }
        held = {int(moment // EVERY_S) for moment in read}
        spans = [band for band in run.bands if band.what == one.name]
        first, last = int((run.began + 15) // EVERY_S), int((run.began + seconds) // EVERY_S) - 1
        missed = [number for number in range(first, last) if number not in held]
        blamed = [
            number
            for number in missed
            if not any(band.begin - EVERY_S <= number * EVERY_S - run.began <= band.end + EXCUSED_S for band in spans)
        ]
        figure = f"{last - first - len(missed)} of {last - first} read, {len(spans)} faults, {len(blamed)} missed outside them"
        rows.append((f"boundaries of {one.name}", figure, not blamed or not one.steady))
    return rows


def main() -> int:
    seconds = float(os.environ.get("SECONDS", "1800"))
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="metergate-soak-") as folder:
        run, rows = soak(seconds, Path(folder))
    curves = [
        Curve("memory", "MiB", run.memory),
        Curve("descriptors", "", run.descriptors),
        Curve("messages that wait", "", run.waiting),
    ]
    (OUT / "soak.svg").write_text(svg(curves, run.bands))
    lines = [f"# Soak of {seconds / 60:.1f} minutes", "", "| what | figure | as promised |", "| --- | --- | --- |"]
    lines += [f"| {what} | {figure} | {'yes' if good else 'NO'} |" for what, figure, good in rows]
    lines += ["", "![memory, descriptors, messages that wait, faults](soak.svg)", ""]
    (OUT / "report.md").write_text("\n".join(lines))
    sys.stdout.write("\n".join(lines))
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
