"""The emulated meter over the wrapper, read by dlms-cosem 21.3.2's client."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dlms_cosem import cosem
from dlms_cosem import enumerations as names
from dlms_cosem.cosem.capture_object import CaptureObject
from dlms_cosem.cosem.selective_access import RangeDescriptor

from hil import catalogue
from hil.dlms.axdr import decode
from hil.dlms.cosem_time import decode as decode_time
from hil.dlms.obis import logical_name
from hil.dlms.profile import build, load

LDN, CLOCK, PROFILE = (logical_name(text) for text in ("0-0:42.0.0*255", "0-0:1.0.0*255", "1-0:99.1.0*255"))


@pytest.fixture
def meter(emulator: Callable[..., Any]) -> str:
    path: str = emulator("dlms/household").path
    return path


def test_identity_clock_and_registers(meter: str, wrapper_client: Any, attribute: Any) -> None:
    client = wrapper_client(meter)
    with client.session() as session:
        assert decode(session.get(attribute(1, LDN, 2))).value == b"MGT0000012345678"
        truth = {name.name: name for name in build(load(catalogue.data_file("dlms/household"))).objects}
        for text in ("0-0:96.1.0*255", "1-0:0.2.0*255", "0-0:97.97.0*255"):
            assert decode(session.get(attribute(1, logical_name(text), 2))) == truth[logical_name(text)].attributes[
                2
            ].get(None)
        for text in ("1-0:1.8.1*255", "1-0:32.7.0*255", "1-0:13.7.0*255"):
            for number in (2, 3):
                read = decode(session.get(attribute(3, logical_name(text), number)))
                assert read == truth[logical_name(text)].attributes[number].get(None)
        clock = decode(session.get(attribute(8, CLOCK, 2))).value
        moment = decode_time(clock, build(load(catalogue.data_file("dlms/household"))).clock.zone)
        assert moment is not None
        # Three seconds fast, as the profile says; the machine may be slow.
        assert timedelta(seconds=2) < moment - datetime.now(UTC) < timedelta(seconds=4)
        maximum = decode(session.get(attribute(4, logical_name("1-0:1.6.0*255"), 5))).value
        assert len(maximum) == 12


def test_a_whole_profile_comes_in_blocks(meter: str, wrapper_client: Any, attribute: Any) -> None:
    with wrapper_client(meter).session() as session:
        raw = session.get(attribute(7, PROFILE, 2))
    rows = decode(raw).value
    assert len(raw) > 100_000
    assert len(rows) == 2976
    assert all(len(row.value) == 6 for row in rows)
    energies = [row.value[2].value for row in rows]
    assert energies == sorted(energies)


def test_a_day_by_range(meter: str, wrapper_client: Any, attribute: Any) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    since, until = now - timedelta(days=2), now - timedelta(days=1)
    clock = CaptureObject(attribute(8, CLOCK, 2), 0)
    with wrapper_client(meter).session() as session:
        raw = session.get(
            attribute(7, PROFILE, 2), access_descriptor=RangeDescriptor(clock, since, until, selected_values=[])
        )
    assert len(decode(raw).value) == 97


def test_lls_and_its_refusals(meter: str, wrapper_client: Any, attribute: Any) -> None:
    lls = names.AuthenticationMechanism.LLS
    with wrapper_client(meter, 32, authentication_method=lls, password=b"00000000").session() as session:
        assert decode(session.get(attribute(1, LDN, 2))).value == b"MGT0000012345678"
    for client, more in ((32, {"authentication_method": lls, "password": b"wrong"}), (32, {}), (77, {})):
        refused = wrapper_client(meter, client, **more)
        refused.connect()
        with pytest.raises(Exception, match="Association"):
            refused.associate()
        refused.disconnect()


def test_rights(meter: str, wrapper_client: Any, attribute: Any) -> None:
    with wrapper_client(meter).session() as session:
        view = decode(session.get(attribute(15, logical_name("0-0:40.0.0*255"), 2))).value
    assert {element.value[2].value for element in view} >= {LDN, CLOCK, PROFILE}
    assert cosem.Obis(*LDN).to_bytes() == LDN


def test_other_bytes_close_the_connection(meter: str) -> None:
    host, _, port = meter.partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(100) == b""
