"""P1, SML and D0 meters push whole telegrams at their pace, with checks that hold, and faults as asked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hil import catalogue
from hil.push.checks import CRCS
from hil.push.sml import SmlMeter
from hil.push.text import TextMeter

ESCAPE = bytes.fromhex("1b1b1b1b")


def data(profile: str) -> dict[str, Any]:
    return tomllib.loads(catalogue.data_file(profile).read_text())


def names(family: str) -> list[str]:
    return [name for name in catalogue.profiles() if name.startswith(family)]


def test_the_crcs_have_their_catalogued_check_values() -> None:
    assert {name: crc(b"123456789") for name, crc in CRCS.items()} == {"arc": 0xBB3D, "x25": 0x906E, "kermit": 0x2189}


@pytest.mark.parametrize("profile", names("p1/") + names("d0/"))
def test_a_text_telegram_is_in_form(profile: str) -> None:
    meter = TextMeter(data(profile))
    if "encrypted" in data(profile):
        return
    for number in range(3):
        text = meter.telegram(number).decode("ascii")
        match = re.fullmatch(r"/\w{3}[\w ].*\r\n\r\n((?:.*\([^\r\n]*\)\r\n)+)!([0-9A-F]{4})?\r\n", text)
        assert match, text
        if match[2]:
            kind = data(profile)["check"]
            assert int(match[2], 16) == CRCS[kind](text[: text.index("!") + 1].encode())


def test_registers_grow_and_the_clock_goes_on() -> None:
    meter = TextMeter(data("p1/dsmr-5"))
    assert b"0-0:1.0.0(260412101507S)" in meter.telegram(7)
    assert b"1-0:1.8.1(003306.448*kWh)" in meter.telegram(7)


def test_an_encrypted_telegram_opens_with_its_key_only_while_whole() -> None:
    meter, cipher = TextMeter(data("p1/lu-smarty")), data("p1/lu-smarty")["encrypted"]
    frame = meter.telegram(4)
    assert frame[:2] == b"\xdb\x08"
    assert frame[10] == 0x82
    assert int.from_bytes(frame[11:13], "big") == len(frame) - 13
    assert frame[13] == 0x30
    assert int.from_bytes(frame[14:18], "big") == cipher["first_counter"] + 4
    nonce = frame[2:10] + frame[14:18]
    key = bytes.fromhex(cipher["key"])
    opening = Cipher(algorithms.AES(key), modes.GCM(nonce, frame[-12:], min_tag_length=12)).decryptor()
    opening.authenticate_additional_data(b"\x30" + bytes.fromhex(cipher["authentication_key"]))
    plain = opening.update(frame[18:-12]) + opening.finalize()
    assert plain.startswith(b"/Lux5\\253663111_D\r\n")


def elements(octets: bytes, place: int) -> tuple[Any, int]:
    """One SML element as a Python value, read by its type-length field alone. None is the element that is left out."""
    first = octets[place]
    if first == 0:
        return "end", place + 1
    kind, length, here = first >> 4 & 7, first & 0xF, place + 1
    while octets[here - 1] & 0x80:
        length = length << 4 | octets[here] & 0xF
        here += 1
    if kind == 7:
        found = []
        for _ in range(length):
            element, here = elements(octets, here)
            found.append(element)
        return found, here
    value = octets[here : place + length]
    if kind in (5, 6):
        return int.from_bytes(value, "big", signed=kind == 5), place + length
    return value or None, place + length


@pytest.mark.parametrize("profile", names("sml/"))
def test_an_sml_telegram_is_in_form_and_its_crcs_hold(profile: str) -> None:
    described = data(profile)
    crc = CRCS[described.get("check", "x25")]
    frame = SmlMeter(described).telegram(3)
    assert frame.startswith(ESCAPE + b"\1\1\1\1")
    assert len(frame) % 4 == 0
    assert frame[-8:-3] == ESCAPE + b"\x1a"
    assert crc(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    body = frame[8:-8].replace(ESCAPE * 2, ESCAPE)
    place, messages = 0, []
    for _ in range(3):
        message, end = elements(body, place)
        messages.append(message)
        assert crc(body[place : end - 4]) == int.from_bytes(body[end - 3 : end - 1], "little")
        place = end
    assert body[place:] == bytes(frame[-3])
    assert [message[3][0] for message in messages] == [0x0101, 0x0701, 0x0201]
    entries = messages[1][3][1][4]
    assert [entry[0].hex().upper() for entry in entries] == [entry["obis"] for entry in described["entry"]]
    assert [entry[4] for entry in entries] == [entry.get("scaler") for entry in described["entry"]]


def test_a_signed_power_in_too_short_an_unsigned() -> None:
    frame = SmlMeter(data("sml/short-unsigned")).telegram(0)
    assert bytes.fromhex("621b52fe63") + (-20411 % 65536).to_bytes(2, "big") in frame


@pytest.mark.paced
def test_they_push_at_their_pace_and_speed(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("sml/two-way").path)
    client.line(9600)
    heard = client.raw(3.5)
    whole = SmlMeter(data("sml/two-way")).telegram(0)
    assert 2 <= heard.count(ESCAPE + b"\x1a") <= 4
    assert heard.count(ESCAPE + b"\1\1\1\1") * len(whole) <= len(heard) + len(whole)


@pytest.mark.paced
def test_another_speed_hears_noise(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("p1/dsmr-5").path)
    client.line(9600)
    heard = client.raw(1.5)
    assert len(heard) > 500
    assert b"/ISK5" not in heard


def test_faults_of_push_meters(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    def hear(profile: str, *faults: str, seconds: float = 0.4) -> bytes:
        words = [word for fault in faults for word in ("--fault", fault)]
        heard: bytes = connect(emulator(profile, "--speed", "max", *words).path).raw(seconds)
        return heard

    meter = TextMeter(data("p1/dsmr-5"))
    telegrams = re.findall(rb"(/ISK5.*?!)(\w{4})\r\n", hear("p1/dsmr-5", "bad-crc"), re.DOTALL)
    assert telegrams
    assert not any(CRCS["arc"](text) == int(check, 16) for text, check in telegrams)
    assert hear("p1/dsmr-5", "stop=1").count(b"/ISK5") <= 1
    assert hear("p1/dsmr-5", "silent", seconds=0.2) == b""
    cut = hear("p1/dsmr-5", "cut=50")
    assert cut.count(b"/ISK5") > cut.count(b"!") + 1
    assert len(hear("p1/dsmr-5", "noise=500", "stop=2")) > 2 * 500
    assert meter.telegram(0)[60:] not in hear("p1/dsmr-5", "flipped-bit=70", "stop=1")
