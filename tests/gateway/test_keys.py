"""Secrets come from private places only, and are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import UsageError
from gateway.keys import load

CONTENT = '"MGT-1/ek" = "hex:00112233445566778899aabbccddeeff"\n"default/lls" = "text:sesame"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "keys.toml"
    made.write_text(CONTENT)
    made.chmod(0o600)
    return made


def test_by_name_and_by_default(file: Path) -> None:
    keys = load(file)
    assert keys.get("MGT-1/ek") == bytes.fromhex("00112233445566778899aabbccddeeff")
    assert keys.get("MGT-2/ek") is None
    assert keys.get("MGT-2/lls") == b"sesame"


def test_environment_and_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "metergate-keys").write_text(CONTENT)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("METERGATE_KEY_MGT_9_EK", "hex:ff")
    keys = load(None)
    assert keys.get("MGT-9/ek") == b"\xff"
    assert keys.get("x/lls") == b"sesame"


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        load(file)


@pytest.mark.parametrize("line", ['"a/ek" = "sesame"', '"a/ek" = 7', '"a/ek" = "hex:sesame"', '"a/ek" = sesame'])
def test_no_secret_in_any_error(file: Path, line: str) -> None:
    file.write_text(line)
    with pytest.raises(UsageError) as error:
        load(file)
    assert "sesame" not in str(error.value)
    assert "sesame" not in repr(error.value.__context__ or "") or error.value.__suppress_context__


def test_the_repr_names_and_does_not_show(file: Path) -> None:
    assert repr(load(file)).endswith("MGT-1/ek, default/lls>")
