"""No key or password in a log, a repr, a trace or an exception, whether things go well or wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from drivers.dlms.driver import Dlms
from drivers.dlms.secret import Secret
from drivers.driver import Context
from drivers.errors import MeterError
from drivers.meter_url import parse

PASSWORD = b"pass-Word"
URLS = [
    "client=17&auth=lls",
    "client=19&auth=md5",
    "client=1&auth=gmac&security=both",
    "client=24&security=both&style=ded",
    "client=24&security=both&style=general",
]


def _walk(value: object, seen: set[int]) -> str:
    """The reprs of an object and of everything it holds."""
    if id(value) in seen or isinstance(value, str | bytes | int | Secret | type(None)):
        return repr(value)
    seen.add(id(value))
    parts = [repr(value)]
    if is_dataclass(value):
        parts += [_walk(getattr(value, one.name), seen) for one in fields(value) if one.repr]
    return " ".join(parts)


@pytest.mark.parametrize("right", [True, False])
async def test_no_secret_leaves(
    emulated_meter: Callable[..., str],
    keys: Any,
    counters: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    right: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    if right:
        keys.secrets["hls"] = b"0" * 16
    else:
        keys.secrets |= {"lls": PASSWORD, "hls": PASSWORD, "ek": b"wrong key 012345", "ak": b"wrong auth 01234"}
    where = emulated_meter("dlms/secured")
    told = ""
    for number, parameters in enumerate(URLS):
        trace = tmp_path / f"{number}.trace"
        context = replace(Context(keys=keys, counters=counters, timeout=10), trace=trace)
        driver = Dlms(parse(f"dlms://{where}?{parameters}"), context)
        try:
            async with driver:
                await driver.identify()
                told += _walk(driver, set()) + _walk(driver._client.association if driver._client else None, set())
        except MeterError as error:
            told += "".join(traceback.format_exception(error)) + repr(error) + str(error)
        told += trace.read_text()
    told += caplog.text + "".join(capfd.readouterr())
    for name, secret in keys.secrets.items():
        if secret == b"00000000" or secret == b"0" * 16:
            spellings = [
                f"{secret!r}",
                secret.hex(),
            ]  # eight zeros stand in many numbers; so it is looked for as written
        else:
            spellings = [secret.decode("latin-1"), secret.hex(), secret.hex().upper(), repr(secret)[2:-1]]
        for spelling in spellings:
            assert spelling not in told, name


def test_a_secret_object_shows_its_length_only() -> None:
    secret = Secret(PASSWORD)
    assert repr(secret) == str(secret) == f"{secret}" == "<secret of 9 bytes>"
    with pytest.raises(TypeError, match="not pickled"):
        secret.__reduce__()
