"""``metergate emulate``: the list, the one line on stdout, the link, the signal, the exit codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gateway.cli.emulate import emulate
from hil import catalogue


def test_the_list_has_one_profile_a_line() -> None:
    result = CliRunner().invoke(emulate, ["--list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(catalogue.profiles())
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in lines)


def test_it_prints_the_port_keeps_the_link_and_leaves_nothing(emulator: Callable[..., Any], tmp_path: Path) -> None:
    link = tmp_path / "meter"
    emulated = emulator("iec62056-21/history-star", "--link", str(link))
    assert emulated.path == str(link)
    assert os.path.realpath(link).startswith("/dev/pts/")
    assert emulated.stop() == 0
    assert not link.is_symlink()


def test_a_file_in_the_place_of_the_link_is_left_alone(emulator: Callable[..., Any], tmp_path: Path) -> None:
    link = tmp_path / "meter"
    link.write_text("mine")
    emulated = emulator("iec62056-21/history-star", "--link", str(link))
    assert emulated.process.wait(10) == 2
    assert link.read_text() == "mine"


def test_unknown_names_end_in_usage_and_name_the_nearest(emulator: Callable[..., Any]) -> None:
    for arguments, hint in [
        (["iec62056-21/history-stra"], "history-star"),
        (["iec62056-21/history-star", "--fault", "wrong-bbc"], "wrong-bcc"),
        (["iec62056-21/history-star", "--fault", "tr=fast"], "not a number"),
        ([], "--list"),
    ]:
        emulated = emulator(*arguments)
        assert emulated.process.wait(10) == 2
        assert hint in emulated.process.stderr.read()
