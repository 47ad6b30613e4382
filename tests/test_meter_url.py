"""A meter's URL is read exactly, and never carries a secret."""

from __future__ import annotations

import pytest

from drivers.errors import UsageError
from drivers.meter_url import parse


def test_serial_url() -> None:
    url = parse("iec62056-21:/dev/ttyUSB0?address=123&baud=9600")
    assert (url.scheme, url.path) == ("iec62056-21", "/dev/ttyUSB0")
    assert url.integer("baud", 300, 300, 115200) == 9600
    assert url.get("address") == "123"


def test_network_url() -> None:
    url = parse("dlms://meter.local:4059?client=0x10")
    assert (url.scheme, url.host, url.port) == ("dlms", "meter.local", 4059)
    assert url.integer("client", 1, 1, 127) == 16


def test_a_bare_path_means_find_out() -> None:
    assert parse("/dev/ttyUSB0").scheme == ""
    assert parse("/dev/ttyUSB0?baud=300").path == "/dev/ttyUSB0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "dlms://user:pw@host",
        "dlms://host?password=1",
        "dlms:/dev/x?lls=1",
        "dlms://",
        "modbus://h:99999",
        "x:/d?a=1&a=2",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'address'"):
        parse("iec62056-21:/dev/x?adress=1").known(["address", "baud"])
