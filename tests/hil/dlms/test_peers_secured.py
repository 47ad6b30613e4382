"""Other people's clients against the secured meter: HLS 2 to 6, suites 0 to 2, glo-, ded-, general-glo and general-ded.

gurux-dlms 1.0.203 has no working ECDSA server side, no working general block transfer and no HLS with short names;
dlms-cosem 25.1.0 has general-glo only. Those are shown in test_protection.py and test_services.py, by hand.
"""

from __future__ import annotations

from typing import Any

import pytest

from hil.dlms.axdr import decode

pytestmark = pytest.mark.peer

LDN, SECRET = "1:0.0.42.0.0.255:2", ("--password", "0000000000000000")
IDENTITY = b"MGT0000012345678".hex().upper()
LONG = tuple(
    argument
    for name, key in (("--ek", bytes(range(16)) * 2), ("--ak", bytes(range(0xD0, 0xE0)) * 2))
    for argument in (name, key.hex())
)
DEDICATED = ("--dedicated", "11223344556677889900AABBCCDDEEFF")

GURUX = [
    ("dlms/secured", "17", "--authentication", "lls", "--password", "00000000"),
    ("dlms/secured", "18", "--authentication", "hls", *SECRET),
    ("dlms/secured", "19", "--authentication", "md5", *SECRET),
    ("dlms/secured", "20", "--authentication", "sha1", *SECRET),
    ("dlms/secured", "21", "--authentication", "gmac", *SECRET),
    ("dlms/secured", "22", "--authentication", "sha256", *SECRET),
    ("dlms/secured", "24", "--security", "both"),
    ("dlms/secured", "25", "--security", "authentication"),
    ("dlms/secured", "26", "--security", "encryption"),
    ("dlms/secured", "24", "--security", "both", "--general"),
    ("dlms/secured", "24", "--security", "both", *DEDICATED),
    ("dlms/secured", "24", "--security", "both", "--general", *DEDICATED),
    ("dlms/secured", "1", "--authentication", "gmac", "--security", "both", *SECRET),
    ("dlms/secured-suite-1", "1", "--authentication", "gmac", "--security", "both", "--suite", "1", *SECRET),
    ("dlms/secured-suite-2", "1", "--authentication", "gmac", "--security", "both", "--suite", "2", *SECRET, *LONG),
]


@pytest.mark.parametrize("settings", GURUX, ids=lambda settings: " ".join(settings[:6]))
def test_gurux(settings: tuple[str, ...], emulator: Any, peer_client: Any) -> None:
    profile, client, *more = settings
    address = emulator(profile).path
    found = peer_client("gurux", address, "--client", client, *more, "--read", LDN, "--entry", "1.0.99.1.0.255,1,40")
    assert found["values"][LDN] == IDENTITY
    assert len(found["entry"]) == 40


# gurux-dlms cannot take a read response in blocks: it asks for the next with tag 00, and calls what is not there.
@pytest.mark.parametrize(("profile", "client", "rows"), [("short-names", "16", 20), ("short-names-wrapper", "32", 20)])
def test_gurux_with_short_names(profile: str, client: str, rows: int, emulator: Any, peer_client: Any) -> None:
    lls = ("--authentication", "lls", "--password", "00000000") if client == "32" else ()
    link = ("--link", "wrapper" if "wrapper" in profile else "hdlc")
    wanted = (emulator(f"dlms/{profile}").path, "--client", client, "--referencing", "sn", *lls, *link)
    bases = {(class_id, name): base for class_id, name, base in peer_client("gurux", *wanted, "--objects")["objects"]}
    load_profile, identity = bases[7, "1.0.99.1.0.255"], bases[1, "0.0.42.0.0.255"]
    read = ("--read", f"1:{identity:#x}:2", "--entry", f"{load_profile:#x},1,{rows}")
    found = peer_client("gurux", *wanted, *read)
    assert found["values"][f"1:{identity:#x}:2"] == IDENTITY
    assert len(found["entry"]) == rows


@pytest.mark.parametrize(
    ("client", "more"),
    [("18", ("--authentication", "hls", *SECRET)), ("1", ("--authentication", "gmac")), ("24", ("--ciphered",))],
)
def test_dlms_cosem(client: str, more: tuple[str, ...], emulator: Any, peer_client: Any) -> None:
    address = emulator("dlms/secured").path
    wanted = ("--read", LDN, "--read", "7:1.0.99.2.0.255:2")
    found = peer_client("dlms-cosem", address, "--client", client, *more, *wanted)["values"]
    assert decode(bytes.fromhex(found[LDN])).value == bytes.fromhex(IDENTITY)
    assert len(decode(bytes.fromhex(found["7:1.0.99.2.0.255:2"])).value) == 62
