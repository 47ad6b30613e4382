"""Programming mode against the emulated meters: passwords, reads, writes, partial blocks, and the break at the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from drivers.driver import Context
from drivers.errors import AccessDenied, KeyRejected, NoAnswer, NotSupported, UsageError
from drivers.iec62056_21 import password
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import open_line
from drivers.iec62056_21.programming import ProgrammingMode, programming_mode
from drivers.iec62056_21.sign_on import SignOn, Want
from drivers.meter_url import parse

Emulate = Callable[..., str]


@asynccontextmanager
async def session(port: str, trace: Path | None = None) -> AsyncIterator[ProgrammingMode]:
    line = await open_line(parse(f"iec62056-21:{port}"), Context(trace=trace))
    try:
        async with programming_mode(
            line, lambda attempt: SignOn("", attempt.most_baud, want=Want.PROGRAMMING), 19200, Learned()
        ) as mode:
            yield mode
    finally:
        await line.link.close()


def sent(trace: Path) -> list[bytes]:
    """What went out, the parity bits taken off; hidden bytes as asterisks."""
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    texts = [line["tx"].replace("**", "2a") for line in lines if "tx" in line]
    return [bytes(value & 0x7F for value in bytes.fromhex(text)) for text in texts]


async def test_a_register_is_written_and_read_back_and_the_session_ends_with_a_break(
    emulate: Emulate, tmp_path: Path
) -> None:
    port, trace = emulate("load-profile", speed="max"), tmp_path / "trace"
    async with session(port, trace) as mode:
        assert mode.operand == "41002288"
        with pytest.raises(AccessDenied, match=r"\(ERROR\) to W5 0\.9\.2"):
            await mode.write("W5", "0.9.2", "1260413")
        await mode.password(b"00000000")
        await mode.write("W5", "0.9.2", "1260413")
        assert await mode.read("R5", "0.9.2") == "0.9.2(1260413)"
    assert sent(trace)[-1] == b"\x01B0\x03q"


@pytest.mark.parametrize(
    ("profile", "faults"),
    [
        ("load-profile", ()),
        ("load-profile-rows", ()),
        pytest.param("load-profile-season", (), marks=pytest.mark.slow),
        pytest.param("load-profile", ("b0-on-password",), marks=pytest.mark.slow),
    ],
)
async def test_a_wrong_password_is_said_once_and_never_again(
    emulate: Emulate, tmp_path: Path, profile: str, faults: tuple[str, ...]
) -> None:
    """The makers refuse with an error, a NAK or a break; none of them is an invitation to repeat it."""
    trace = tmp_path / "trace"
    async with session(emulate(profile, *faults, speed="max"), trace) as mode:
        with pytest.raises(KeyRejected, match="meters lock"):
            await mode.password(b"11111111")
        with pytest.raises(UsageError, match="one password is tried in a session"):
            await mode.password(b"22222222")
    said = sent(trace)
    assert len([message for message in said if message[1:3] in (b"P1", b"P2")]) == 1
    assert b"11111111" not in b"".join(said)
    assert "1" * 16 not in trace.read_text().replace("31" * 8, "1" * 16)


async def test_partial_blocks_are_joined_and_a_damaged_one_is_asked_for_again(emulate: Emulate, tmp_path: Path) -> None:
    asked = "0260318000000;0260318020000"
    async with session(emulate("load-profile", speed="max")) as mode:
        whole = await mode.read("R5", "P.01", asked)
    trace = tmp_path / "trace"
    async with session(emulate("load-profile", "wrong-bcc-once", speed="max"), trace) as mode:
        assert await mode.read("R6", "P.01", asked) == whole
    said = sent(trace)
    assert said.count(b"\x15") == 1
    assert said.count(b"\x06") >= 2


@pytest.mark.parametrize(
    "fault",
    [
        "echo",
        pytest.param("partial-echo", marks=pytest.mark.slow),
        pytest.param("break-after-block", marks=pytest.mark.slow),
    ],
)
async def test_an_echo_is_no_answer(emulate: Emulate, fault: str) -> None:
    async with session(emulate("load-profile", fault, speed="max")) as mode:
        await mode.password(b"00000000")
        await mode.write("W5", "0.9.1", "1101010")
        assert await mode.read("R5", "0.9.1") == "0.9.1(1101010)"


async def test_what_a_meter_does_not_know_is_said(emulate: Emulate) -> None:
    async with session(emulate("load-profile", speed="max")) as mode:
        with pytest.raises(NotSupported, match="acknowledges R1 and gives nothing"):
            await mode.read("R1", "1.8.0")
        with pytest.raises(AccessDenied, match=r"\(ERROR\) to R5 9\.9\.9"):
            await mode.read("R5", "9.9.9")
        with pytest.raises(UsageError, match="no message may"):
            await mode.read("R5", "1.8.0(")
        with pytest.raises(UsageError, match="none of R1"):
            await mode.read("W5", "1.8.0")
    async with session(emulate("load-profile-rows", speed="max")) as mode:
        with pytest.raises(NotSupported, match="NAK"):
            await mode.read("R6", "P.01")


async def test_a_meter_without_programming_mode_answers_with_its_readout(emulate: Emulate) -> None:
    with pytest.raises(NotSupported, match="no programming mode"):
        async with session(emulate("history-star", speed="max")):
            pass


@pytest.mark.paced
@pytest.mark.slow
async def test_after_an_error_the_meter_is_free_at_once(emulate: Emulate) -> None:
    """Without the break it would stay at its speed for a minute and hear no sign-on."""
    port = emulate("load-profile")
    with pytest.raises(RuntimeError):
        async with session(port):
            raise RuntimeError("the caller gave up")
    async with session(port) as mode:
        assert await mode.read("R5", "0.0.0") == "0.0.0(41002288)"


@pytest.mark.paced
@pytest.mark.slow
async def test_a_meter_that_falls_back_to_300_bd_is_no_answer(emulate: Emulate) -> None:
    async with session(emulate("load-profile", "reset-300=300")) as mode:
        await mode.pause(1)
        with pytest.raises(NoAnswer, match="does not answer the command"):
            await mode.read("R5", "0.0.0")


async def test_a_makers_algorithm_is_a_plug_in(emulate: Emulate, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no password algorithm 'bench' is installed; none comes with metergate"):
        password.algorithm("bench")
    point = EntryPoint("bench", f"{__name__}:digits_added", password.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda self: digits_added)
    monkeypatch.setattr(password, "entry_points", lambda group: [point] if group == password.GROUP else [])
    async with session(emulate("password-p2", speed="max")) as mode:
        with pytest.raises(AccessDenied):
            await mode.read("R1", "1.8.0")
        await mode.password(b"12345678", password.algorithm("bench"))
        assert await mode.read("R1", "1.8.0") == "(001207.11*kWh)"
        assert await mode.execute("E2", "0.1.0", "1") == ""
    async with session(emulate("password-p2", speed="max")) as mode:
        with pytest.raises(KeyRejected, match="B0"):
            await mode.password(b"12345678")


def digits_added(operand: bytes, secret: bytes) -> bytes:
    """The bench's own algorithm."""
    return bytes(0x30 + (own + given - 0x60) % 10 for own, given in zip(secret, operand, strict=True))
