"""``metergate request``: a get made of options, a message from a file, the exit code of what came back; and the audit verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.audit import audit
from gateway.cli.request import request
from gateway.messages import codec
from gateway.store.audit import head
from gateway.store.store import Store

Ask = Callable[..., bytes]
Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(url: str, token: bytes, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the verb against the door, whose loop is this test's own."""
    monkeypatch.setenv("METERGATE_KEY_HE_TOKEN", f"text:{token.decode()}")
    fixed = ["--to", url, "--token", "he/token", "--source", "HE-001"]

    async def invoke(*arguments: str, **more: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, request, [*arguments, *fixed], **more)

    return invoke


@pytest.mark.parametrize("more", [[], ["--soap"]])
async def test_a_get_of_options(run: Run, more: list[str]) -> None:
    done = await run("MeterReadings", "--meter", "main", "--since", "2026-05-31T00:00:00+00:00", *more)
    assert done.exit_code == 0, done.output
    (readings,) = codec.read(done.stdout.encode()).message.payload.content
    assert [one.value for meter in readings.meter_reading for one in meter.readings] == ["1234.567"]
    assert "OK" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["MeterReadings", "--meter", "nobody"], 6),
        (["MeterReadings", "--meter", "main", "--meter", "nobody", "--since", "2026-05-31T00:00:00Z"], 5),
        (["CustomerConfig"], 6),
        (["no-such-file.xml"], 2),
        (["MeterReadings", "--since", "yesterday"], 2),
        (["CustomerConfig", "--meter", "main"], 2),
    ],
)
async def test_exit_codes(run: Run, arguments: list[str], code: int) -> None:
    done = await run(*arguments)
    # UsageError is turned into exit code 2 by the command line as a whole.
    assert (2 if type(done.exception).__name__ == "UsageError" else done.exit_code) == code, done.output


async def test_a_message_from_a_file_or_stdin(run: Run, get_readings: Ask, tmp_path: Path) -> None:
    file = tmp_path / "ask.xml"
    file.write_bytes(get_readings())
    first = await run(str(file))
    again = await run("-", input=get_readings())
    assert first.exit_code == again.exit_code == 0
    assert first.stdout == again.stdout


def test_nobody_answers() -> None:
    refused = CliRunner().invoke(request, ["MeterReadings", "--meter", "main", "--to", "http://127.0.0.1:1/messages"])
    assert refused.exit_code == 6
    assert "does not answer" in refused.stderr


async def test_the_audit_log_is_shown_and_checked(run: Run, order: Ask, tmp_path: Path, store: Store) -> None:
    file = tmp_path / "order.xml"
    file.write_bytes(order("3.31.0.23"))
    await run(str(file))
    noted = await asyncio.wrap_future(store.read(head))
    config = tmp_path / "metergate.toml"
    config.write_text(f'[gateway]\nname = "bench-1"\nstate = "{tmp_path}"\n')

    def show(*arguments: str) -> Result:
        return CliRunner().invoke(audit, ["-c", str(config), *arguments])

    shown = await asyncio.to_thread(show, "--verify", noted)
    assert shown.exit_code == 0, shown.output
    assert "create EndDeviceControls" in shown.stdout
    assert noted in shown.stdout
    assert (await asyncio.to_thread(show, "--verify", "00" * 32)).exit_code == 4
    await asyncio.wrap_future(
        store.write(lambda connection: connection.execute("UPDATE audit SET outcome = 'x'").fetchall())
    )
    broken = await asyncio.to_thread(show)
    assert broken.exit_code == 4
    assert "entry 1" in broken.stderr
