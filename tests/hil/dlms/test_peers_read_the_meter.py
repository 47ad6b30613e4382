"""Other people's clients, each in its own environment, read the emulated meter; and each other's server.

gurux-dlms 1.0.203 (client and a server made of its codec) and dlms-cosem 25.1.0. What they cannot do stands in the tests'
names: windows above 1 and HLS with short names fail in gurux-dlms itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from hil import catalogue
from hil.dlms.axdr import decode
from hil.dlms.profile import build, load

pytestmark = pytest.mark.peer

LDN, CLOCK = "1:0.0.42.0.0.255:2", "8:0.0.1.0.0.255:2"
IDENTITY = b"MGT0000012345678".hex().upper()
DAY = "1.0.99.1.0.255,2026-11-24T00:00:00+00:00,2026-11-24T01:00:00+00:00"


def test_gurux_over_the_wrapper(emulator: Any, peer_client: Any) -> None:
    address = emulator("dlms/household").path
    registers = [f"3:{code}:2" for code in ("1.0.1.8.1.255", "1.0.32.7.0.255", "1.0.13.7.0.255")]
    reads = [argument for each in (LDN, CLOCK, "3:1.0.32.7.0.255:3", *registers) for argument in ("--read", each)]
    found = peer_client("gurux", address, *reads, "--objects", "--entry", "1.0.99.1.0.255,1,500")
    assert found["values"][LDN] == IDENTITY
    assert [found["values"][each] for each in registers] == [8345678, 2312, -98]
    assert found["values"]["3:1.0.32.7.0.255:3"] == [0.1, 35]
    objects = build(load(catalogue.data_file("dlms/household"))).objects
    names = {(each.class_id, ".".join(map(str, each.name))) for each in objects} | {(15, "0.0.40.0.0.255")}
    assert {(class_id, name) for class_id, name, _ in found["objects"]} == names
    assert len(found["entry"]) == 500
    assert len(found["entry"][0]) == 6


def test_gurux_with_a_list_over_the_wrapper(emulator: Any, peer_client: Any) -> None:
    address = emulator("dlms/household").path
    lls = ("--client", "32", "--authentication", "lls", "--password", "00000000")
    found = peer_client("gurux", address, *lls, "--read", LDN, "--read", "3:1.0.1.8.1.255:2", "--list")
    assert found["values"] == {LDN: IDENTITY, "3:1.0.1.8.1.255:2": 8345678}


@pytest.mark.parametrize("profile", ["dlms/hdlc-tcp", "dlms/hdlc-serial"])
def test_gurux_over_hdlc(profile: str, emulator: Any, peer_client: Any) -> None:
    address = emulator(profile, "--speed", "max").path
    physical = ("--physical", "17") if address.startswith("/") else ()
    link = ("--link", "hdlc", *physical)
    found = peer_client("gurux", address, *link, "--read", LDN, "--entry", "1.0.99.1.0.255,1,300")
    assert found["values"][LDN] == IDENTITY
    assert len(found["entry"]) == 300


def test_gurux_by_range(emulator: Any, peer_client: Any) -> None:
    found = peer_client("gurux", emulator("dlms/household").path, "--range", DAY)
    assert [row[0][11:16] for row in found["range"]] == ["01:00", "01:15", "01:30", "01:45", "02:00"]


@pytest.mark.parametrize("client", ["16", "32"])
def test_dlms_cosem_over_the_wrapper(client: str, emulator: Any, peer_client: Any) -> None:
    address = emulator("dlms/household").path
    lls = ("--authentication", "lls", "--password", "00000000") if client == "32" else ()
    reads = ("--read", LDN, "--read", "3:1.0.1.8.1.255:2", "--read", "7:1.0.99.1.0.255:2")
    found = peer_client("dlms-cosem", address, "--client", client, *lls, *reads, "--range", DAY)["values"]
    assert decode(bytes.fromhex(found[LDN])).value == bytes.fromhex(IDENTITY)
    assert decode(bytes.fromhex(found["3:1.0.1.8.1.255:2"])).value == 8345678
    assert len(decode(bytes.fromhex(found["7:1.0.99.1.0.255:2"])).value) == 2976


def test_gurux_reads_utility_objects(emulator: Any, peer_client: Any) -> None:
    lls = ("--client", "1", "--authentication", "lls", "--password", "00000000")
    wanted = {"70:0.0.96.3.10.255:3": 1, "72:0.1.24.1.0.255:6": 0x00987654, "71:0.0.17.0.0.255:4": 11000}
    reads = [argument for each in wanted for argument in ("--read", each)]
    log = ("--entry", "0.0.99.98.0.255,1,100")
    found = peer_client("gurux", emulator("dlms/idis").path, *lls, *reads, *log)
    assert {each: found["values"][each] for each in wanted} == wanted
    assert [row[1] for row in found["entry"]] == [1, 2, 17, 18, 3, 8, 47]


def test_gurux_reads_a_compact_array(emulator: Any, peer_client: Any) -> None:
    rows = peer_client("gurux", emulator("dlms/profile-compact").path, "--entry", "1.0.99.1.0.255,1,100")["entry"]
    assert len(rows) == 100
    assert {tuple(row[4:]) for row in rows} == {(8345678, 4000000)}


GURUX_SERVERS = [
    (),
    ("--link", "hdlc"),
    ("--authentication", "lls"),
    *(("--authentication", kind) for kind in ("hls", "md5", "sha1", "sha256", "gmac")),
    *(("--security", kind) for kind in ("authentication", "encryption", "both")),
    ("--security", "both", "--general", "--link", "hdlc"),
    ("--security", "both", "--suite", "1"),
]


@pytest.mark.parametrize("settings", GURUX_SERVERS, ids=" ".join)
def test_the_gurux_server_is_what_gurux_understands(
    settings: tuple[str, ...], gurux_server: Any, peer_client: Any
) -> None:
    address = gurux_server(*settings, "--password", "0123456789ABCDEF")
    arguments = (*settings, "--password", "0123456789ABCDEF", "--read", LDN, "--entry", "1.0.99.1.0.255,1,100")
    found = peer_client("gurux", address, *arguments)
    assert bytes.fromhex(found["values"][LDN]) == b"GRX0000000000001"
    assert len(found["entry"]) == 100


def test_the_gurux_server_with_short_names(gurux_server: Any, peer_client: Any) -> None:
    address = gurux_server("--referencing", "sn", "--authentication", "lls")
    lls = ("--referencing", "sn", "--authentication", "lls", "--password", "00000000")
    found = peer_client("gurux", address, *lls, "--read", "1:0x100:2", "--objects", "--entry", "0x2000,1,300")
    assert bytes.fromhex(found["values"]["1:0x100:2"]) == b"GRX0000000000001"
    assert [7, "1.0.99.1.0.255", 0x2000] in found["objects"]
    assert len(found["entry"]) == 300
