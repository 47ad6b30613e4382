"""A directory as a sink: whole files, and a full or missing place is tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.sinks.directory import DirectorySink
from gateway.sinks.sink import Delivered, Retry
from gateway.store.outbox import Waiting


async def test_one_whole_file_a_message(tmp_path: Path, message: Waiting) -> None:
    sink = DirectorySink("sink", tmp_path / "out")
    for _ in range(2):  # a repeat replaces the same file
        assert await sink.deliver(message) == Delivered()
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == f"000000000007-{message.message_id}.xml"
    assert file.read_bytes() == message.body


async def test_a_message_id_cannot_leave_the_directory(tmp_path: Path, message: Waiting) -> None:
    sink = DirectorySink("sink", tmp_path / "out")
    await sink.deliver(replace(message, message_id="../../etc/passwd\n"))
    assert [file.parent for file in tmp_path.rglob("*.xml")] == [tmp_path / "out"]


async def test_no_place_is_a_retry(tmp_path: Path, message: Waiting) -> None:
    (tmp_path / "out").write_text("a file where the directory should be")
    assert isinstance(await DirectorySink("sink", tmp_path / "out").deliver(message), Retry)
