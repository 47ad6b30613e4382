"""What the emulated customer ports push: framed as the makers do, with the values of their files inside."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hil import catalogue
from hil.dlms.axdr import OCTETS, VISIBLE, Data, Reader
from hil.dlms.hdlc_frame import Splitter
from hil.dlms.profile import load
from hil.dlms.push import FAULTS, PushingMeter
from hil.faults import Faults

PROFILES = [name for name in catalogue.profiles() if name.startswith("dlms-push/")]


def pushing(profile: str, **faults: str) -> tuple[dict[str, Any], PushingMeter]:
    data = load(catalogue.data_file(profile))
    return data, PushingMeter(data, Faults(faults, FAULTS))


def unframed(kind: str, telegram: bytes) -> bytes:
    if kind == "bare":
        return telegram
    if kind == "wrapper":
        assert len(telegram) == 8 + int.from_bytes(telegram[6:8], "big")
        return telegram[8:]
    whole = b""
    if kind == "mbus":
        while telegram:
            size = telegram[1]
            assert telegram[:4] == bytes([0x68, size, size, 0x68])
            content, check, stop = telegram[4 : 4 + size], telegram[4 + size], telegram[5 + size]
            assert (check, stop) == (sum(content) & 0xFF, 0x16)
            assert content[3:5] == b"\x01\x67"
            whole, telegram = whole + content[5:], telegram[6 + size :]
        return whole
    for frame in Splitter().feed(telegram):
        information = frame.information
        if not whole:
            assert information[:3] == bytes.fromhex("E6E700")
            information = information[3:]
        if kind == "hdlc-blocks":
            reader = Reader(information)
            assert reader.byte() == 0xE0
            assert reader.byte() in (0x40, 0xC0)
            reader.take(4)
            information = reader.octets()
        whole += information
    return whole


def deciphered(security: dict[str, Any], apdu: bytes) -> bytes:
    reader = Reader(apdu)
    assert reader.byte() == 0xDB
    title, content = reader.octets(), reader.octets()
    key, control = bytes.fromhex(security["ek"]), content[0]
    if control == 0x20:
        return (
            Cipher(algorithms.AES(key), modes.CTR(title + content[1:5] + b"\0\0\0\2")).decryptor().update(content[5:])
        )
    # AESGCM wants tags of 16 bytes: seal the plain text anew and compare the first 12.
    plain = (
        Cipher(algorithms.AES(key), modes.CTR(title + content[1:5] + b"\0\0\0\2")).decryptor().update(content[5:-12])
    )
    again = AESGCM(key).encrypt(title + content[1:5], plain, bytes([control]) + bytes.fromhex(security["ak"]))
    assert again[:-4] == content[5:]
    return plain


@pytest.mark.parametrize("profile", PROFILES)
def test_every_list_holds_what_its_file_says(profile: str) -> None:
    data, meter = pushing(profile)
    for number in range(8):
        apdu = unframed(data["framing"]["kind"], meter.telegram(number, False))
        if "security" in data:
            apdu = deciphered(data["security"], apdu)
        assert apdu[0] == 0x0F
        assert int.from_bytes(apdu[1:5], "big") == number
        due = max(
            (each for each in data["list"] if number % each.get("every", 1) == 0), key=lambda each: each.get("every", 1)
        )
        # Texts and constant numbers are somewhere in it as their type writes them.
        for element in due["elements"]:
            if "text" in element:
                tag = VISIBLE if element.get("visible", True) else OCTETS
                assert bytes([tag, len(element["text"])]) + element["text"].encode() in apdu
            elif element.get("type") == "double-long-unsigned" and not element.get("spread"):
                assert b"\x06" + element["raw"].to_bytes(4, "big") in apdu


def test_frames_begin_as_real_ones_do(captures: Path) -> None:
    """Addresses, control, LLC and the head of the notification, against captures where they are at hand."""
    real = {row["id"]: bytes.fromhex(row["hex"]) for row in map(json.loads, (captures / "dlms_frames.jsonl").open())}
    twins = {
        "dlms-push/aidon-no": ("esphome-hdlc_norway_han_1phase", slice(3, 7)),
        "dlms-push/kaifa-no": ("esphome-hdlc_kaifa_ma304h3e", slice(3, 7)),
        "dlms-push/iskraemeco-si": ("esphome-hdlc_iskra550", slice(3, 7)),
        "dlms-push/landis-gyr-e450": ("esphome-hdlc_landis_gyr_e450", slice(3, 20)),
        "dlms-push/kaifa-at": ("esphome-mbus_netz_noe_p1", slice(4, 11)),
        "dlms-push/kamstrup-dk": ("esphome-hdlc_kamstrup_omnipower", slice(3, 6)),
    }
    for profile, (capture, head) in twins.items():
        telegram = pushing(profile)[1].telegram(0, False)
        assert telegram[head] == real[capture][head], profile


def test_wrong_key_and_wrong_tag() -> None:
    for fault in ("wrong-key", "wrong-tag"):
        data, meter = pushing("dlms-push/kamstrup-dk", **{fault: ""})
        with pytest.raises(AssertionError):
            deciphered(data["security"], unframed("hdlc", meter.telegram(0, False)))


def test_a_wrong_check() -> None:
    telegram = pushing("dlms-push/aidon-no")[1].telegram(0, True)
    assert Splitter().feed(telegram) == []


def test_on_a_pty(emulator: Callable[..., Any]) -> None:
    path = emulator("dlms-push/kaifa-no", "--speed", "max").path
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        splitter, frames, deadline = Splitter(), [], time.monotonic() + 20
        while len(frames) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
            try:
                frames += splitter.feed(os.read(fd, 4096))
            except BlockingIOError:
                continue
    finally:
        os.close(fd)
    assert len(frames) >= 4
    assert {frame.source for frame in frames} == {b"\x02\x01"}


def test_over_tcp(emulator: Callable[..., Any]) -> None:
    host, _, port = emulator("dlms-push/wrapper-tcp", "--speed", "max").path.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        data = client.recv(4096)
    assert data[:6] == bytes.fromhex("000100010066")


def test_data_of_a_pair_is_a_value() -> None:
    data, meter = pushing("dlms-push/kamstrup-no")
    reader = Reader(unframed("hdlc", meter.telegram(0, False)))
    reader.take(6 + 12)
    elements = reader.data().value
    assert reader.left == 0
    assert elements[0] == Data(VISIBLE, "Kamstrup_V0001")
    assert len(elements) == 1 + 2 * len(data["list"][0]["elements"])
