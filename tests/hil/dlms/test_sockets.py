"""The emulated meter on its links: faults of TCP, UDP, another socket than the profile's, and the probe of mode E."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from hil.dlms import hdlc_frame as hdlc
from hil.dlms.axdr import decode

AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
CLOCK = bytes.fromhex("C001C100080000010000FF0200")
LLS = bytes.fromhex(
    "6036A1090607608574050801018A0207808B0760857405080201AC0A80083030303030303030BE10040E01000000065F1F0400001E1DFFFF"
)
#: Client 1 speaks to logical device 1.
SAP_1 = bytes.fromhex("000100010001")
STANDARD, FRAUD = "0000636200FF", "0000636201FF"
PROFILE = bytes.fromhex("C001C100070100630100FF0200")


def wrapped(apdu: bytes) -> bytes:
    return bytes.fromhex("000100100001") + len(apdu).to_bytes(2, "big") + apdu


def opened(address: str) -> socket.socket:
    host, _, port = address.rpartition("/")[2].partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def message(connection: socket.socket) -> bytes:
    """One wrapped APDU, or nothing when the connection is closed."""
    data = b""
    while len(data) < 8 or len(data) < 8 + int.from_bytes(data[6:8], "big"):
        more = connection.recv(4096)
        if not more:
            return b""
        data += more
    return data[8:]


def test_closed_in_the_middle_of_blocks(emulator: Any) -> None:
    with opened(emulator("dlms/household", "--fault", "close-mid-block=2").path) as connection:
        for request in (AARQ, PROFILE):
            connection.sendall(wrapped(request))
            assert message(connection)
        connection.sendall(wrapped(bytes.fromhex("C002C100000001")))
        assert message(connection) == b""


def test_one_connection_at_a_time(emulator: Any) -> None:
    path = emulator("dlms/household", "--fault", "one-connection").path
    with opened(path) as first:
        first.sendall(wrapped(AARQ))
        assert message(first)
        with opened(path) as second:
            assert second.recv(100) == b""
        first.sendall(wrapped(CLOCK))
        assert message(first)[:4] == bytes.fromhex("C401C100")


def logged(address: str, log: str) -> list[int]:
    """The codes in an event log of the IDIS meter, by LLS."""
    codes = []
    with opened(address) as connection:
        connection.sendall(SAP_1 + wrapped(LLS)[6:])
        assert bytes.fromhex("A203020100") in message(connection)
        connection.sendall(SAP_1 + wrapped(bytes.fromhex(f"C001C10007{log}0200"))[6:])
        answer = message(connection)
        while answer[1] == 2 and not answer[3]:
            codes.append(answer)
            connection.sendall(SAP_1 + wrapped(bytes.fromhex("C002C1") + answer[4:8])[6:])
            answer = message(connection)
    assert answer[1] == 1, "the log is short enough for one response"
    return [row.value[1].value for row in decode(answer[4:]).value]


def test_the_supply_fails_and_the_log_says_so(emulator: Any) -> None:
    path = emulator("dlms/idis", "--fault", "power-fails=500", "--listen", "dlms://127.0.0.1:0").path
    before = logged(path, STANDARD)
    with opened(path) as connection:
        assert connection.recv(100) == b"", "who is connected is cut off"
    with opened(path) as refused:
        assert refused.recv(100) == b"", "nobody is let in while it is dark"
    time.sleep(3.2)
    assert logged(path, STANDARD) == [*before, 1, 2]


def test_the_cover_comes_off_and_the_log_says_so(emulator: Any) -> None:
    path = emulator("dlms/idis", "--fault", "cover-opens=10", "--listen", "dlms://127.0.0.1:0").path
    before = logged(path, FRAUD)
    time.sleep(0.2)
    assert logged(path, FRAUD) == [*before, 40]


def test_several_meters_each_with_a_number_of_its_own(emulator: Any) -> None:
    started = emulator("dlms/household", "--listen", "dlms://127.0.0.1:0", "--count", "3")
    paths = [started.path, *(started.process.stdout.readline().strip() for _ in range(2))]
    numbers = []
    for path in paths:
        with opened(path) as connection:
            connection.sendall(wrapped(AARQ))
            assert message(connection)
            connection.sendall(wrapped(bytes.fromhex("C001C100010000600100FF0200")))
            numbers.append(decode(message(connection)[4:]).value)
    assert numbers == [b"12345678", b"12345679", b"12345680"]


def test_several_without_a_socket_are_a_usage_error(emulator: Any) -> None:
    assert emulator("dlms/household", "--count", "3").process.wait(20) == 2


def test_udp(emulator: Any) -> None:
    host, _, port = emulator("dlms/wrapper-udp").path.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect((host, int(port)))
        client.send(wrapped(AARQ))
        assert client.recv(2000)[8] == 0x61
        client.send(wrapped(CLOCK))
        assert len(decode(client.recv(2000)[12:]).value) == 12


def test_on_another_kind_of_socket(emulator: Any, hdlc_client: Any) -> None:
    path = emulator("dlms/household", "--listen", "dlms+hdlc://127.0.0.1:0").path
    assert path.startswith("dlms+hdlc://127.0.0.1:")
    client = hdlc_client(path.rpartition("/")[2])
    assert client.snrm(128).unnumbered == hdlc.UA
    assert client.request(AARQ)[0] == 0x61


def test_a_scheme_that_is_not_known_is_a_usage_error(emulator: Any) -> None:
    started = emulator("dlms/household", "--listen", "http://127.0.0.1:0")
    assert started.process.wait(20) == 2


@pytest.mark.paced
@pytest.mark.parametrize(
    ("profile", "acknowledged"), [("mode-e", True), pytest.param("mode-e-mute", False, marks=pytest.mark.slow)]
)
def test_mode_e_brings_hdlc(profile: str, acknowledged: bool, emulator: Any, connect: Any, hdlc_client: Any) -> None:
    path = emulator(f"dlms/{profile}").path
    probe = connect(path)
    assert probe.sign_on() == b"/MGT5\\2HOUSEHOLD.3\r\n"
    probe.select("252", 9600)
    if acknowledged:
        assert probe.text(4, lambda data: data.endswith(b"\n")) == b"\x06252\r\n"
    client = hdlc_client(path, server=b"\x02\x23")
    assert client.snrm(128).unnumbered == hdlc.UA
    assert client.request(AARQ)[0] == 0x61
    assert len(decode(client.request(CLOCK)[4:]).value) == 12
    client.send(hdlc.DISC | hdlc.POLL_FINAL)
    assert client.receive()[-1].unnumbered == hdlc.UA
    # And back: sign-on at 300 Bd again, mode C all the same.
    probe.line(300)
    assert probe.sign_on("12345678") == b"/MGT5\\2HOUSEHOLD.3\r\n"
    probe.select("050", 9600)
    assert b"0.0.0(12345678)" in probe.message(10)
