"""bellows lets the emulated meter in by its install code, gives it a key, and reads it; the stick in its own process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hil.zigbee.cbke import SUITES, ephemeral_public, keys, secret
from hil.zigbee.certificates import issue

METER, WATER, KEY_ESTABLISHMENT, METERING = 0x1A01, 0x1A02, 0x0800, 0x0702
METER_EUI64 = "00:22:a3:00:00:00:01:01"
CODE_WITH_CRC = "83FED3407A939723A5C639B26916D505C3B5"
SUITE = SUITES[1]


async def give_key(app: Any) -> bytes:
    """Answer the meter's key establishment. The link key, not in the stick yet."""
    own = issue("00124b00deadbe01", SUITE)
    ephemeral = 0x0FEDCBA987654321
    public = ephemeral_public(SUITE, ephemeral)

    async def request(number: int) -> bytes:
        packet = await app.packets.first(
            lambda p: p.cluster_id == KEY_ESTABLISHMENT and p.data.serialize()[2] == number
        )
        assert packet.profile_id == 0x0109
        return bytes(packet.data.serialize())

    async def respond(to: bytes, body: bytes) -> None:
        await app.packets.send(METER, KEY_ESTABLISHMENT, bytes((0x19, to[1], to[2])) + body, encrypted=False)

    initiate = await request(0)
    certificate = initiate[7:]
    await respond(initiate, bytes((1, 0, 10, 10)) + own.certificate)
    exchange = await request(1)
    made = keys(
        secret(own, ephemeral, public, certificate, exchange[3:]),
        (SUITE.subject(certificate), exchange[3:]),
        (SUITE.subject(own.certificate), public),
    )
    await respond(exchange, public)
    confirm = await request(2)
    assert confirm[3:] == made.initiator_mac
    await respond(confirm, made.responder_mac)
    return made.link_key


@pytest.mark.parametrize(
    "version",
    [
        13,
        pytest.param(8, marks=pytest.mark.slow),
        pytest.param(14, marks=pytest.mark.slow),
        pytest.param(18, marks=pytest.mark.slow),
    ],
)
async def test_join_key_and_encrypted_read(
    version: int,
    emulator: Callable[..., Any],
    zigpy_on: Callable[[str], Awaitable[Any]],
    control: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    types = pytest.importorskip("zigpy.types")
    from zigpy.util import convert_install_code

    link = tmp_path / "stick"
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", f"ezsp={version}")
    app = await zigpy_on(str(link))
    eui64 = types.EUI64.convert(METER_EUI64)
    await app.permit_with_link_key(eui64, convert_install_code(bytes.fromhex(CODE_WITH_CRC)), 60)
    key = await give_key(app)
    if version >= 13:
        await app._ezsp.importLinkKey(index=0, address=eui64, key=types.KeyData(key))
    else:
        await app._ezsp.addOrUpdateKeyTableEntry(address=eui64, linkKey=True, keyData=types.KeyData(key))

    plain = await app.packets.ask(METER, METERING, bytes.fromhex("0001000000"), encrypted=False)
    assert plain.data.serialize()[2:] == bytes.fromhex("0b0001")
    packet = await app.packets.ask(METER, METERING, bytes.fromhex("0002000000"))
    assert types.TransmitOptions.APS_Encryption in packet.tx_options
    assert packet.data.serialize().hex() == "18020100000025" + (25873421).to_bytes(6, "little").hex()

    before = len(app.packets.seen)
    assert control(link, do="plain", device="meter") == {"ok": True}
    report = await app.packets.first(lambda p: p.cluster_id == METERING, before)
    assert types.TransmitOptions.APS_Encryption not in report.tx_options
    assert control(link, do="state", device="meter")["link_key"] == key.hex()


async def test_a_house_that_was_formed_before_is_read_at_once(
    emulator: Callable[..., Any],
    zigpy_on: Callable[[str], Awaitable[Any]],
    control: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    link = tmp_path / "stick"
    stick = emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", "formed")
    app = await zigpy_on(str(link))
    assert app.state.network_info.pan_id == 0x5E07
    packet = await app.packets.ask(WATER, METERING, bytes.fromhex("0003000000"))
    assert packet.data.serialize()[3:] == bytes.fromhex("00000025563412000000")
    assert control(link, do="set", device="nobody")["ok"] is False
    assert stick.stop() == 0
    assert not Path(f"{link}.control").exists()


async def test_a_long_answer_comes_in_fragments_that_bellows_puts_together(
    emulator: Callable[..., Any], zigpy_on: Callable[[str], Awaitable[Any]], tmp_path: Path
) -> None:
    names = (0x0000, 0x0001, 0x0002, 0x0100, 0x0102, 0x0204, 0x0307, 0x0308, 0x0300, 0x0301, 0x0302)
    question = bytes.fromhex("000400") + b"".join(name.to_bytes(2, "little") for name in names)
    link = tmp_path / "stick"
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", "formed", "--fault", "fragments")
    app = await zigpy_on(str(link))
    whole = (await app.packets.ask(METER, METERING, question)).data.serialize()
    assert len(whole) > 82
    assert whole.endswith(bytes.fromhex("0103002201000002030022e80300"))
