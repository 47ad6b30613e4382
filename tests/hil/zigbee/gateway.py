"""A gateway made of EZSP octets only, on the co-processor itself: no pty, and a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hil.zigbee import commands  # noqa: F401  - registers the commands
from hil.zigbee.aps import OPTION_ENCRYPTION, OPTION_RETRY, Message, read_message
from hil.zigbee.cbke import SUITES, ephemeral_public, keys, secret
from hil.zigbee.certificates import issue
from hil.zigbee.device import KEY_ESTABLISHMENT, PROTECTED
from hil.zigbee.fields import Reader, counted, u8, u16, u32
from hil.zigbee.house import House
from hil.zigbee.mmo import installation_key
from hil.zigbee.zcl import Frame, parse

ENDPOINT = 10
SERVED = (0x0000, 0x0700, 0x0701, 0x0703, 0x0800)
UNIX = 1_800_000_000
UTC = UNIX - 946_684_800


@dataclass(frozen=True)
class Heard:
    """A ZCL frame of a device."""

    sender: int
    endpoint: int
    cluster: int
    frame: Frame
    encrypted: bool


class Gateway:
    """Forms the network at once. ``heard`` are the ZCL frames of devices, ``joins`` the trust centre's reports."""

    def __init__(self, file: Path, version: int = 13, *, formed: bool = False) -> None:
        self.house = House(file, version)
        if formed:
            self.house.form()
        self.ncp = self.house.ncp
        self.timeline = self.house.pan.timeline
        for device in self.house.devices.values():
            device.clock = lambda: UNIX + self.timeline.now
        self.heard: list[Heard] = []
        self.joins: list[tuple[int, int, int]] = []
        self.sent: list[int] = []
        self.responses: list[bytes] = []
        self._sequence = 0
        self.ncp.receive(bytes((0, 0, 0, version)))
        clusters = b"".join(map(u16, SERVED))
        self.call(
            0x02, u8(ENDPOINT) + u16(0x0109) + u16(0x0500) + u8(0) + u8(len(SERVED)) + u8(1) + clusters + u16(0x0702)
        )
        if formed:
            self.call(0x17, u16(0))
            self.run(1.0)
            return
        self.call(0x68, u16(0x0F84) + bytes(range(16)) + bytes(range(16, 32)) + u8(0) + bytes(8))
        self.call(0x1E, bytes(8) + u16(0x1234) + u8(8) + u8(20) + u8(0) + u16(0) + u8(0) + u32(0x07FFF800))
        self.run(0.1)

    def call(self, frame_id: int, parameters: bytes = b"") -> bytes:
        """Do an EZSP command; the parameters of its response."""
        self._sequence = (self._sequence + 1) & 0xFF
        self.ncp.receive(bytes((self._sequence, 0, 1)) + u16(frame_id) + parameters)
        self._take()
        return self.responses.pop()

    def _take(self) -> None:
        while self.ncp.outgoing:
            frame = self.ncp.outgoing.popleft()
            if frame[1] & 0x10:
                self._callback(int.from_bytes(frame[3:5], "little"), Reader(frame[5:]))
            else:
                self.responses.append(frame[5:])

    def _callback(self, frame_id: int, reader: Reader) -> None:
        wide = self.ncp.dialect.wide
        if frame_id == 0x24:
            node, _, status, decision = reader.u16(), reader.take(8), reader.u8(), reader.u8()
            self.joins.append((node, status, decision))
        elif frame_id == 0x3F:
            if wide:
                self.sent.append(reader.u32())
            else:
                reader.take(3 + 11 + 1)
                self.sent.append(reader.u8())
        elif frame_id == 0x45:
            reader.u8()
            message = read_message(reader)
            if wide:
                sender = reader.u16()
                reader.take(16)
            else:
                reader.take(2)
                sender = reader.u16()
                reader.take(2)
            if message.profile:
                frame = parse(reader.counted())
                assert frame is not None
                self.heard.append(Heard(sender, message.source_endpoint, message.cluster, frame, message.encrypted))

    def run(self, seconds: float) -> None:
        self.timeline.run(self.timeline.now + seconds)
        self._take()

    def send(self, name: str, cluster: int, frame: Frame, *, endpoint: int = 1, encrypted: bool | None = None) -> None:
        device = self.house.devices[name]
        protected = cluster in PROTECTED if encrypted is None else encrypted
        options = OPTION_RETRY | (OPTION_ENCRYPTION if protected else 0)
        message = Message(0x0109, cluster, ENDPOINT, endpoint, b"", options)
        tag = self.ncp.dialect.tag(1)
        self.call(0x34, u8(0) + u16(device.node_id) + message.header() + tag + counted(frame.encoded()))

    def ask(self, name: str, cluster: int, frame: Frame, *, endpoint: int = 1, encrypted: bool | None = None) -> Heard:
        """Send, and what comes back on that cluster within a second."""
        before = len(self.heard)
        self.send(name, cluster, frame, endpoint=endpoint, encrypted=encrypted)
        self.run(1.0)
        return next(each for each in self.heard[before:] if each.cluster == cluster)

    def admit(self, name: str, code: str) -> None:
        """Open the network to one device by its install code."""
        eui = self.house.devices[name].eui64
        key = installation_key(bytes.fromhex(code))
        if self.ncp.dialect.version >= 13:
            self.call(0x111, eui + key + u8(0))
        else:
            self.call(0xAF, eui + key)
        self.call(0x55, u8(0) + u16(0x11))
        self.call(0x22, u8(60))
        self.run(0.2)

    def take_key(self, name: str, suite_number: int = 1) -> bytes:
        """Answer the key establishment that a device has begun. Gives the link key, which the stick has then."""
        own = issue(self.ncp.memory.eui64[::-1].hex(), suite := SUITES[suite_number])
        device = self.house.devices[name]
        ephemeral = 0x1234567890ABCDEF
        public = ephemeral_public(suite, ephemeral)
        initiate = self._last(KEY_ESTABLISHMENT)
        certificate = initiate.body[4:]
        assert suite.subject(certificate)[::-1] == device.eui64
        self._respond(name, initiate, u16(suite_number) + bytes((10, 10)) + own.certificate)
        exchange = self._last(KEY_ESTABLISHMENT)
        shared = secret(own, ephemeral, public, certificate, exchange.body)
        theirs = suite.subject(certificate), exchange.body
        made = keys(shared, theirs, (suite.subject(own.certificate), public))
        self._respond(name, exchange, public)
        confirm = self._last(KEY_ESTABLISHMENT)
        assert confirm.body == made.initiator_mac
        self._respond(name, confirm, made.responder_mac)
        if self.ncp.dialect.version >= 13:
            self.call(0x10E, u8(len(self.ncp.memory.link_keys)) + device.eui64 + made.link_key)
        else:
            self.call(0x66, device.eui64 + u8(1) + made.link_key)
        self.run(0.5)
        return made.link_key

    def _respond(self, name: str, request: Frame, body: bytes) -> None:
        response = Frame(request.sequence, request.command, body, True, from_server=True)
        self.send(name, KEY_ESTABLISHMENT, response, encrypted=False)
        self.run(0.1)

    def _last(self, cluster: int) -> Frame:
        return [each.frame for each in self.heard if each.cluster == cluster][-1]
