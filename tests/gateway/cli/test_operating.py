"""What an operator sees: status, the outbox, dead letters and their replay, from the store of a gateway that runs or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from drivers.errors import UsageError
from drivers.reading import Meter
from gateway.cli import command
from gateway.store import history
from gateway.store.outbox import MessageClass, Outbox, Quota
from gateway.store.store import Store, open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIG = """
[gateway]
name = "g"
state = "{state}"
[[meter]]
name = "main"
url = "iec62056-21:/dev/ttyUSB0"
[[sink]]
type = "directory"
name = "mdm"
path = "out"
"""


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    (tmp_path / "metergate.toml").write_text(CONFIG.format(state=tmp_path))
    opened, _ = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def metergate(tmp_path: Path, verb: str, *arguments: str) -> str:
    done = CliRunner().invoke(
        command, [verb, "-c", str(tmp_path / "metergate.toml"), *arguments], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_status_says_what_is_and_what_was_lost(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store)
    for number in range(3):
        outbox.accept(["mdm"], f"m{number}", MessageClass.TELEMETRY, b"<x/>", AT).result()
    outbox.refuse(1, "400 Bad Request").result()
    store.write(lambda connection: history.keep_place(connection, "main", Meter("EMH", "1"), AT)).result()
    (meter, sink) = map(json.loads, metergate(tmp_path, "status", "--format", "json").splitlines())
    assert (meter["meter"], meter["since"]) == ("EMH-1", "2026-03-01T12:00:00Z")
    assert (sink["waiting"], sink["refused"], sink["oldest"]) == (2, 1, "2026-03-01T12:00:00Z")
    outbox.keep_within(Quota(0, AT - datetime(2026, 1, 1, tzinfo=UTC)), AT).result()
    assert "LOST: " in metergate(tmp_path, "status")


def test_dead_letters_are_listed_shown_and_put_back(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store)
    outbox.accept(["mdm"], "m1", MessageClass.EVENT, b"<event/>", AT).result()
    outbox.refuse(1, "400 Bad Request").result()
    assert "REFUSED: 400 Bad Request" in metergate(tmp_path, "outbox", "--refused")
    assert metergate(tmp_path, "outbox", "--show", "1") == "<event/>"
    assert "1 messages are in the queue again" in metergate(tmp_path, "replay", "1")
    (message,) = outbox.next("mdm", 10).result()
    assert (message.message_id, message.body) == ("m1", b"<event/>")
    assert metergate(tmp_path, "outbox", "--refused") == ""


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "metergate.toml").write_text(CONFIG.format(state=tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="there is no store"):
        metergate(tmp_path, "status")
    with pytest.raises(UsageError, match="which messages"):
        metergate(tmp_path, "replay")


def test_the_events_that_were_told(store: Store, tmp_path: Path) -> None:
    for number, at in enumerate((AT, AT + timedelta(days=1))):
        store.write(
            lambda connection, number=number, at=at: history.keep_event(
                connection, f"e{number}", "EMH-1", at, at, "3.12.93.28", "<EndDeviceEvents/>"
            )
        ).result()
    (first, _) = map(json.loads, metergate(tmp_path, "events", "--format", "json").splitlines())
    assert first == {
        "type": "event",
        "meter": "EMH-1",
        "at": "2026-03-01T12:00:00Z",
        "told_at": "2026-03-01T12:00:00Z",
        "event_type": "3.12.93.28",
    }
    assert metergate(tmp_path, "events", "--format", "table", "--since", "2026-03-02T00:00:00Z").count("\n") == 1
    with pytest.raises(UsageError, match="whose events"):
        CliRunner().invoke(command, ["events"], catch_exceptions=False)
