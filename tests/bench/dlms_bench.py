"""DLMS: a month of quarter hours decoded, HDLC frames parsed, APDUs deciphered, beside dlms-cosem 25.1.0 and gurux-dlms,
each in an environment and process of its own; and what a read of 60 registers costs."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from row import Row

from drivers.dlms import axdr_encode as write
from drivers.dlms import axdr_rows, cosem_time, ln_apdus, services
from drivers.dlms.association import Association
from drivers.dlms.bytes_reader import Reader
from drivers.dlms.ciphering import AUTHENTICATED, ENCRYPTED, Cipher
from drivers.dlms.client import Client
from drivers.dlms.cosem import Attribute
from drivers.dlms.conformance import LOGICAL_NAMES, Initiated
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.hdlc import HdlcSession
from drivers.dlms.hdlc_frame import POLL, Control, Frame, address, build
from drivers.dlms.profile_rows import Layout, rows as to_rows
from drivers.dlms.records import Around
from drivers.dlms.secret import Secret
from drivers.dlms.selection import CaptureObject
from drivers.reading import Obis

ROWS = 2976
FRAMES = 400
_UA = build(Frame(address(16), address(1), Control.UA | POLL))
TITLE, KEY, AK = b"MGT00001", bytes(range(16)), bytes(range(16, 32))
_FIRST = datetime(2026, 3, 1, tzinfo=UTC)
_ENERGY = [Obis(1, 0, number, 8, 0) for number in (1, 2, 3, 4)]
LAYOUT = Layout(
    (
        CaptureObject(8, Obis(0, 0, 1, 0, 0), 2),
        CaptureObject(1, Obis(0, 0, 96, 10, 1), 2),
        *(CaptureObject(3, obis, 2) for obis in _ENERGY),
    ),
    (None, None, *(ScalerUnit(0, 30) for _ in _ENERGY)),
    900,
)


def get_response() -> bytes:
    """31 days of quarter hours: stamp, status, four counters."""
    body = write.array(
        *(
            write.structure(
                write.octet_string(cosem_time.build(_FIRST + timedelta(minutes=15 * number))),
                write.unsigned(0),
                *(write.double_long_unsigned(1_000_000 * column + 37 * number) for column in range(1, 5)),
            )
            for number in range(ROWS)
        )
    )
    return b"\xc4\x01\xc1\x00" + body


def best(run: Callable[[], object], runs: int = 15) -> float:
    """Seconds of CPU, the best of some runs."""
    run()
    taken = []
    for _ in range(runs):
        gc.collect()
        before = time.process_time()
        run()
        taken.append(time.process_time() - before)
    return min(taken)


def answers(size: int) -> list[bytes]:
    """Information frames as a meter numbers them. Their parser takes a flag's octet for the end: it is spared those."""
    found: list[bytes] = []
    for number in range(1, 1 << 15):
        control = POLL | (len(found) & 7) << 1
        made = build(Frame(address(16), address(1), control, (number.to_bytes(2, "big") * 1015)[:size]))
        if 0x7E not in made[1:-1]:
            found.append(made)
        if len(found) == FRAMES:
            break
    return found


def idle_mib(count: int) -> float:
    """MiB that ``count`` associated, idle meters on the wrapper add to a process."""
    emulate = [sys.executable, "-m", "gateway.cli", "emulate", "dlms/household", "--speed", "max"]
    with subprocess.Popen(emulate, stdout=subprocess.PIPE, text=True) as meter:
        assert meter.stdout is not None
        try:
            script = [
                sys.executable,
                Path(__file__).with_name("dlms_idle.py"),
                meter.stdout.readline().strip(),
                str(count),
            ]
            root = Path(__file__).resolve().parents[2]
            done = subprocess.run(
                script, capture_output=True, text=True, check=True, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}
            )
        finally:
            meter.terminate()
    return int(done.stdout) / (1 << 20)


def peer(name: str, work: dict[str, Any]) -> dict[str, float]:
    """What the same takes in a peer's environment."""
    from hil.peers import environment

    script = Path(__file__).with_name("dlms_peer.py")
    done = subprocess.run(
        [environment.python(name), script, name], input=json.dumps(work), capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows() -> Iterator[Row]:
    get = get_response()
    around = Around("meter", _FIRST, None)
    cipher = Cipher(0, Secret(KEY), Secret(AK))
    sealed = {size: cipher.protect(AUTHENTICATED | ENCRYPTED, TITLE, 1, b"\xc4" * size) for size in (92, 1024, 3700)}
    frames = {size: answers(size) for size in (128, 2000)}
    work = {
        "get": get.hex(),
        "rows": ROWS,
        "title": TITLE.hex(),
        "key": KEY.hex(),
        "authentication": AK.hex(),
        "sealed": {str(size): content.hex() for size, content in sealed.items()},
        "frames": {str(size): [one.hex() for one in made] for size, made in frames.items()},
    }
    cosem, gurux = peer("dlms-cosem", work), peer("gurux", work)

    def profile() -> None:
        value = ln_apdus.parse_get(get)
        assert isinstance(value, bytes)
        assert len(to_rows(axdr_rows.take_rows(Reader(value)), LAYOUT, around)) == ROWS

    ours = best(profile)
    yield Row("31 days to rows with datetimes, CPU", ours * 1000, "ms")
    yield Row("dlms-cosem 25.1.0 / ours", cosem["profile"] / ours, "", 6, most=False)
    yield Row("gurux-dlms / ours", gurux["profile"] / ours, "", 10, most=False)
    for size, target in ((128, 40), (2000, 150)):
        stream = b"".join(frames[size])
        chunks = [stream[at : at + 4096] for at in range(0, len(stream), 4096)]

        def parsed(chunks: list[bytes] = chunks, count: int = len(frames[size])) -> None:
            session = HdlcSession(address(16), address(1))
            session.connect()
            session.receive(_UA)
            assert sum(len(session.receive(chunk)) for chunk in chunks) == count

        taken = best(parsed)
        yield Row(f"HDLC events, {size} octets of information", len(stream) / taken / 1e6, "MB/s")
        yield Row(f"dlms-cosem / ours, {size} octets", cosem[f"hdlc {size}"] / taken, "", target, most=False)
    for size, content in sealed.items():

        def opened(content: bytes = content) -> None:
            # What comes out is not kept: fresh pages of memory would be measured too.
            for _ in range(2000):
                cipher.open(TITLE, content)

        taken = best(opened)
        yield Row(f"deciphered and verified, {size} octets, CPU", taken / 2000 * 1e6, "us")
        yield Row(f"dlms-cosem / ours, {size} octets", cosem[f"gcm {size}"] / taken, "", 1.5, most=False)
    for size in (128, 256, 1024):
        taken, least = listed(size)
        yield Row(
            f"40 registers in lists, PDU of {size}: APDUs of ours and the meter's / fewest {least}",
            taken / least,
            "×",
            1,
        )
    yield Row("500 associated idle TCP meters add", idle_mib(500), "MiB", 40)
    yield Row("60 registers read (value, scaler, unit), CPU", asyncio.run(_registers()) * 1000, "ms", 15)


def listed(size: int) -> tuple[int, int]:
    """APDUs both ways of 40 values with their scalers, and the fewest: 10 octets of a descriptor fill a request first."""
    association = Association(agreed=Initiated(LOGICAL_NAMES, size, 7), open=True)
    wanted = [(Attribute(3, Obis(1, 0, number, 8, 0), which), None) for number in range(40) for which in (2, 3)]
    asking, apdus = services.get_many(association, wanted), 0
    try:
        request = next(asking)
        while True:
            answer = _Memory.answer(request)
            assert max(len(request), len(answer)) <= size
            apdus += 2
            request = asking.send(answer)
    except StopIteration as done:
        found = done.value
    assert len(found) == len(wanted)
    return apdus, 2 * -(-len(wanted) // ((size - 4) // 10))


class _Memory:
    """A channel to a meter that answers lists from memory."""

    def __init__(self) -> None:
        self.unasked: list[bytes] = []

    async def connect(self, deadline: float) -> None: ...

    async def disconnect(self) -> None: ...

    async def exchange(self, apdu: bytes, deadline: float, hidden: bytes = b"") -> bytes:
        return self.answer(apdu)

    @staticmethod
    def answer(apdu: bytes) -> bytes:
        count = apdu[3]
        values = b"".join(
            b"\x00" + (write.double_long_unsigned(number) if number % 2 == 0 else b"\x02\x02\x0f\x00\x16\x1e")
            for number in range(count)
        )
        return b"\xc4\x03" + apdu[2:3] + bytes((count,)) + values


async def _registers() -> float:
    from drivers.dlms.meter_map import DlmsMap, MapObject
    from drivers.dlms.meter_reading import Learned, MeterReading
    from drivers.reading import Reading

    async def read() -> None:
        association = Association(agreed=Initiated(LOGICAL_NAMES, 0, 7), open=True)
        registers = tuple(MapObject(Obis(1, 0, number, 8, 0)) for number in range(1, 61))
        reading = MeterReading(Client(_Memory(), association), DlmsMap(registers=registers), Learned(), UTC, "", _FIRST)
        found = [record async for record in reading.registers()]
        assert sum(isinstance(record, Reading) for record in found) == 60

    await read()
    taken = []
    for _ in range(15):
        before = time.process_time()
        await read()
        taken.append(time.process_time() - before)
    return min(taken)
