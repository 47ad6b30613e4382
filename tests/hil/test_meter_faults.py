"""Each fault does what its line in the table says, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from hil.iec62056_21.faults import FAULTS

STAR = "iec62056-21/history-star"


@pytest.fixture
def readout(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> Callable[..., tuple[bytes, bytes]]:
    """Identification and what follows an option select, raw, without real time unless asked for."""

    def read(*faults: str, real: bool = False, seconds: float = 1.0) -> tuple[bytes, bytes]:
        words = [word for fault in faults for word in ("--fault", fault)]
        emulated = emulator(STAR, "--speed", "real" if real else "max", *words)
        client = connect(emulated.path)
        identification = client.sign_on()
        client.select("040", 4800)
        heard = client.raw(seconds, lambda data: data[-2:-1] == b"\x03")
        return identification, heard

    return read


def bare(data: bytes) -> bytes:
    return bytes(value & 0x7F for value in data)


def test_a_good_readout_is_the_measure(readout: Callable[..., Any], check: Callable[[bytes], bool]) -> None:
    _, heard = readout()
    assert check(bare(heard))
    assert not any(value.bit_count() & 1 for value in heard)


def test_damage_of_characters(readout: Callable[..., Any], check: Callable[[bytes], bool]) -> None:
    _, good = readout()
    _, heard = readout("parity-error=100")
    assert [place for place, value in enumerate(heard) if value.bit_count() & 1] == [100]
    assert bare(heard) == bare(good)
    _, heard = readout("flipped-bit=100")
    assert [place for place, value in enumerate(heard) if value != good[place]] == [100]
    assert not check(bare(heard))
    _, heard = readout("lost-char=100")
    assert heard == good[:100] + good[101:]
    _, heard = readout("wrong-bcc")
    assert heard[:-1] == good[:-1]
    assert not check(bare(heard))
    _, heard = readout("no-bcc", seconds=0.3)
    assert heard == good[:-1]


def test_forms_of_lines_and_blocks(readout: Callable[..., Any], check: Callable[[bytes], bool]) -> None:
    identification, heard = readout("lf-only", "rubout=3")
    assert identification == b"\x7f\x7f\x7f/EMH4\\@01LZQJL0014F\n"
    assert b"\r" not in bare(heard)
    assert check(bare(heard))
    _, heard = readout("bcc-newline")
    assert heard[-1:] == b"\n"
    assert check(bare(heard))
    _, heard = readout("ack-echo")
    assert bare(heard).startswith(b"\x06040\r\n\x02F.F(")
    _, heard = readout("error")
    assert bare(heard) == b"\x02(ERROR)\x03Z"
    _, heard = readout("big-block=20000", seconds=3)
    assert len(heard) > 20000
    assert check(bare(heard))


def test_a_silent_meter_and_one_that_stops(
    readout: Callable[..., Any], emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:
    client = connect(emulator(STAR, "--speed", "max", "--fault", "silent").path)
    client.send(b"/?!\r\n")
    assert client.raw(0.3) == b""
    _, heard = readout("stop-mid-block=77", seconds=0.5)
    assert len(heard) == 77


def test_noise_before_the_identification_holds_no_slash(readout: Callable[..., Any]) -> None:
    identification, _ = readout("noise=9")
    assert identification.index(b"/") == 9


def test_the_probe_is_pulled(emulator: Callable[..., Any], connect: Callable[[str], Any], tmp_path: Any) -> None:
    link = tmp_path / "probe"
    emulated = emulator(STAR, "--speed", "max", "--link", str(link), "--fault", "unplug=50", "--fault", "replug=300")
    client = connect(emulated.path)
    client.sign_on()
    client.line(4800)
    client.send(b"\x06040\r\n", drain=False)
    assert len(client.raw(0.5)) <= 50
    deadline = time.monotonic() + 5
    while not link.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    again = connect(str(link))
    assert again.sign_on().startswith(b"/EMH4")


@pytest.mark.paced
def test_an_echo_gives_back_what_was_sent_whole_or_in_part(
    emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:
    client = connect(emulator(STAR, "--fault", "echo").path)
    assert client.sign_on() == b"/?!\r\n"
    client = connect(emulator(STAR, "--fault", "partial-echo=2").path)
    client.send(b"/?!\r\n")
    assert client.text(0.1) == b"/!\n"


@pytest.mark.paced
def test_chunks_come_a_latency_timer_apart(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator(STAR, "--fault", "chunk=200").path)
    client.send(b"/?!\r\n")
    sizes = []
    while (piece := client.raw(0.6, bool)) and sum(sizes) + len(piece) < 21:
        sizes.append(len(piece))
    assert sizes
    assert min(sizes) >= 3


@pytest.mark.paced
def test_the_reaction_time_is_the_one_asked_for(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    for fault, seconds in (("tr=20", 0.02), ("late-tr", 1.49)):
        client = connect(emulator(STAR, "--fault", fault).path)
        end = client.send(b"/?!\r\n")
        client.raw(3, bool)
        # The first character is through one character after T_r.
        assert time.monotonic() - end >= seconds + 1 / 30 - 0.005


def test_every_fault_says_what_it_does() -> None:
    assert all(len(what) > 5 for _, what in FAULTS.values())
