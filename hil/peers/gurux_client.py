# SPDX-License-Identifier: MIT
"""Reads a COSEM meter with gurux-dlms and prints what it said, one JSON object. Runs in an environment of its own.

    python gurux_client.py ADDRESS [--link hdlc|wrapper] [--referencing ln|sn] [--authentication ...] --read 8:0.0.1.0.0.255:2 ...

ADDRESS is ``host:port`` or the path of a pty. Every ``--read`` is class:name:attribute, with a short name in short name
referencing; ``--range`` and ``--entry`` read rows of the profile. gurux-dlms is GPL-2.0-only: nothing of it, and nothing
else of metergate, is imported here.
"""

import argparse
import datetime
import json
import os
import select
import socket
import sys
import termios
import tty

from gurux_dlms import GXByteBuffer, GXDLMSException, GXReplyData
from gurux_dlms.enums import Authentication, Conformance, InterfaceType, ObjectType, Security
from gurux_dlms.objects import GXDLMSClock, GXDLMSProfileGeneric
from gurux_dlms.objects.enums import SecuritySuite
from gurux_dlms.secure import GXDLMSSecureClient

AUTHENTICATIONS = {
    "none": Authentication.NONE,
    "lls": Authentication.LOW,
    "hls": Authentication.HIGH,
    "md5": Authentication.HIGH_MD5,
    "sha1": Authentication.HIGH_SHA1,
    "gmac": Authentication.HIGH_GMAC,
    "sha256": Authentication.HIGH_SHA256,
}
SECURITIES = {
    "none": Security.NONE,
    "authentication": Security.AUTHENTICATION,
    "encryption": Security.ENCRYPTION,
    "both": Security.AUTHENTICATION_ENCRYPTION,
}
SUITES = [SecuritySuite.SUITE_0, SecuritySuite.SUITE_1, SecuritySuite.SUITE_2]


class Wire:
    """A socket or a pty, with a deadline on every read; gives whole messages: HDLC frames, or wrapped APDUs."""

    def __init__(self, address, baud, hdlc):
        if address.startswith("/"):
            self.fd = os.open(address, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self.fd)
            settings = termios.tcgetattr(self.fd)
            settings[4] = settings[5] = getattr(termios, f"B{baud}")
            termios.tcsetattr(self.fd, termios.TCSANOW, settings)
        else:
            host, _, port = address.partition(":")
            self.socket = socket.create_connection((host, int(port)))
            self.fd = self.socket.fileno()
        self.hdlc = hdlc
        self.held = b""

    def write(self, data):
        os.write(self.fd, bytes(data))

    def read(self):
        """One message, and whether the meter gives the word back with it."""
        while True:
            size = self._size()
            if size and len(self.held) >= size:
                message, self.held = self.held[:size], self.held[size:]
                return message, not self.hdlc or self._final(message)
            if not select.select([self.fd], [], [], 20)[0]:
                raise TimeoutError("the meter says nothing")
            data = os.read(self.fd, 4096)
            if not data:
                raise ConnectionError("the meter closed the connection")
            self.held += data

    def _size(self):
        if not self.hdlc:
            return 8 + int.from_bytes(self.held[6:8], "big") if len(self.held) >= 8 else 0
        return 2 + (int.from_bytes(self.held[1:3], "big") & 0x7FF) if len(self.held) >= 3 else 0

    @staticmethod
    def _final(frame):
        at = 3
        for _ in range(2):
            while not frame[at] & 1:
                at += 1
            at += 1
        return bool(frame[at] & 0x10)


class Reader:
    """One association."""

    def __init__(self, wire, client):
        self.wire = wire
        self.client = client
        self.exchanges = 0

    def exchange(self, frame, reply):
        """Send one frame and take messages until the word is ours again."""
        self.exchanges += 1
        self.wire.write(frame)
        self.hear(reply)

    def hear(self, reply):
        final = False
        while not final:
            message, final = self.wire.read()
            held = GXByteBuffer()
            held.set(message)
            self.client.getData(held, reply, GXReplyData())
            if reply.error:
                raise GXDLMSException(reply.error)

    def block(self, frames):
        """Send frames and gather everything that belongs to their answer."""
        reply = GXReplyData()
        for frame in flat(frames):
            reply.clear()
            self.exchange(frame, reply)
            while reply.isMoreData():
                # While the meter streams blocks of a window there is nothing to send.
                if reply.isStreaming():
                    self.hear(reply)
                else:
                    self.exchange(self.client.receiverReady(reply), reply)
        return reply

    def open(self):
        request = self.client.snrmRequest()
        if request:
            self.client.parseUAResponse(self.block(request).data)
        self.client.parseAareResponse(self.block(self.client.aarqRequest()).data)
        if self.client.authentication > Authentication.LOW:
            challenge = self.client.getApplicationAssociationRequest()
            self.client.parseApplicationAssociationResponse(self.block(challenge).data)

    def close(self):
        for request in (self.client.releaseRequest(), self.client.disconnectRequest()):
            if request:
                self.block(request)

    def read(self, item, index):
        reply = self.block(self.client.read(item, index))
        return self.client.updateValue(item, index, reply.value)


def flat(frames):
    """Frames out of lists of frames, as some of gurux-dlms's calls give them."""
    if isinstance(frames, (bytes, bytearray)):
        return [frames]
    return [frame for each in frames for frame in flat(each)]


def plain(value):
    """A value that JSON can write; bytes as hexadecimal."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex().upper()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "value") and isinstance(getattr(value, "value", None), datetime.datetime):
        moment = value.value
        return moment.isoformat()
    if isinstance(value, (int, float, str)) or value is None:
        return value
    return str(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--link", choices=["wrapper", "hdlc"], default="wrapper")
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--referencing", choices=["ln", "sn"], default="ln")
    parser.add_argument("--client", type=int, default=16)
    parser.add_argument("--server", type=int, default=1)
    parser.add_argument("--physical", type=int, default=0)
    parser.add_argument("--info", type=int, default=0)
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--authentication", choices=list(AUTHENTICATIONS), default="none")
    parser.add_argument("--password", default="")
    parser.add_argument("--security", choices=list(SECURITIES), default="none")
    parser.add_argument("--suite", type=int, default=0)
    parser.add_argument("--system-title", default="4D4754434C490001")
    parser.add_argument("--ek", default="000102030405060708090A0B0C0D0E0F")
    parser.add_argument("--ak", default="D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
    parser.add_argument("--dedicated", default="")
    parser.add_argument("--general", action="store_true", help="general-glo- and general-ded-ciphering")
    parser.add_argument("--counter", type=int, default=1)
    parser.add_argument("--gbt", action="store_true")
    parser.add_argument("--read", action="append", default=[])
    parser.add_argument("--list", action="store_true", help="read them all with one GET-with-list")
    parser.add_argument("--range", help="profile,since,until")
    parser.add_argument("--entry", help="profile,first,count")
    parser.add_argument("--objects", action="store_true")
    given = parser.parse_args()

    kind = InterfaceType.HDLC if given.link == "hdlc" else InterfaceType.WRAPPER
    server = given.server
    if given.physical:
        server = GXDLMSSecureClient.getServerAddress(given.server, given.physical)
    authentication = AUTHENTICATIONS[given.authentication]
    client = GXDLMSSecureClient(given.referencing == "ln", given.client, server, authentication, given.password, kind)
    if given.info:
        client.hdlcSettings.maxInfoTX = client.hdlcSettings.maxInfoRX = given.info
        client.hdlcSettings.windowSizeTX = client.hdlcSettings.windowSizeRX = given.window
    if given.gbt:
        client.proposedConformance |= Conformance.GENERAL_BLOCK_TRANSFER
    client.ciphering.systemTitle = bytes.fromhex(given.system_title)
    client.ciphering.blockCipherKey = bytes.fromhex(given.ek)
    client.ciphering.authenticationKey = bytes.fromhex(given.ak)
    client.ciphering.securitySuite = SUITES[given.suite]
    client.ciphering.security = SECURITIES[given.security]
    client.ciphering.invocationCounter = given.counter
    if given.dedicated:
        client.ciphering.dedicatedKey = bytes.fromhex(given.dedicated)
    if given.general:
        client.proposedConformance |= Conformance.GENERAL_PROTECTION

    reader = Reader(Wire(given.address, given.baud, given.link == "hdlc"), client)
    found = {"values": {}}
    reader.open()
    if given.objects:
        reply = reader.block(client.getObjectsRequest())
        objects = client.parseObjects(reply.data, True, False)
        found["objects"] = [[int(each.objectType), each.logicalName, each.shortName] for each in objects]
    items = [item(each) for each in given.read]
    if given.list:
        reply = reader.block(client.readList([(each, index) for each, index, _ in items]))
        found["list"] = len(reply.value) if isinstance(reply.value, list) else None
        client.updateValues([(each, index) for each, index, _ in items], reply.value)
        for each, index, text in items:
            found["values"][text] = plain(each.getValues()[index - 1])
    else:
        for each, index, text in items:
            found["values"][text] = plain(reader.read(each, index))
    for option in ("range", "entry"):
        text = getattr(given, option)
        if text:
            found[option] = rows(reader, option, text)
    found["exchanges"] = reader.exchanges
    found["conformance"] = int(client.negotiatedConformance)
    reader.close()
    json.dump(found, sys.stdout, default=str)


def item(text):
    """An object and attribute from ``class:name:attribute``; the name may be a short one in hexadecimal."""
    class_id, name, index = text.split(":")
    made = GXDLMSClock() if class_id == "8" else None
    if made is None:
        from gurux_dlms._GXObjectFactory import _GXObjectFactory

        made = _GXObjectFactory.createObject(ObjectType(int(class_id)))
    if name.startswith("0x"):
        made.shortName = int(name, 16)
    else:
        made.logicalName = name
    return made, int(index), text


def rows(reader, option, text):
    name, first, last = text.split(",")
    profile = GXDLMSProfileGeneric("0.0.0.0.0.0")
    if name.startswith("0x"):
        profile.shortName = int(name, 16)
    else:
        profile.logicalName = name
    reader.read(profile, 3)
    if option == "range":
        since, until = datetime.datetime.fromisoformat(first), datetime.datetime.fromisoformat(last)
        request = reader.client.readRowsByRange(profile, since, until)
    else:
        request = reader.client.readRowsByEntry(profile, int(first), int(last))
    reply = reader.block(request)
    return plain(reader.client.updateValue(profile, 2, reply.value))


if __name__ == "__main__":
    main()
