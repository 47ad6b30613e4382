# SPDX-License-Identifier: MIT
"""A COSEM meter whose bytes are made by gurux-dlms: a second opinion for clients. Runs in an environment of its own.

    python gurux_server.py [--link wrapper|hdlc] [--referencing ln|sn] [--authentication md5] [--security both] ...

Prints ``host:port`` and serves one client at a time until it is killed. What gurux-dlms makes here: A-XDR data, PDUs with
their blocks, HDLC checks, the AARQ parser, initiate responses, AES-GCM, HLS digests. Its own server class is not used:
in 1.0.203 range access, AARE with ciphering, SN blocks and the reply to an HLS challenge fail in it. gurux-dlms is
GPL-2.0-only: nothing else of metergate is imported here.
"""

import argparse
import datetime
import socket
import sys

from gurux_dlms import AesGcmParameter, GXByteBuffer, GXDateTime, GXDLMSException
from gurux_dlms._GXAPDU import _GXAPDU
from gurux_dlms._GXFCS16 import _GXFCS16
from gurux_dlms.enums import Authentication, Command, Conformance, DataType, InterfaceType, Security
from gurux_dlms.GXCiphering import GXCiphering
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSChippering import GXDLMSChippering
from gurux_dlms.GXDLMSLNParameters import GXDLMSLNParameters
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.GXDLMSSNParameters import GXDLMSSNParameters
from gurux_dlms.GXSecure import GXSecure
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects.enums import SecuritySuite

AUTHENTICATIONS = {
    "none": Authentication.NONE, "lls": Authentication.LOW, "hls": Authentication.HIGH, "md5": Authentication.HIGH_MD5,
    "sha1": Authentication.HIGH_SHA1, "gmac": Authentication.HIGH_GMAC, "sha256": Authentication.HIGH_SHA256,
}  # fmt: skip
SECURITIES = {
    "none": Security.NONE, "authentication": Security.AUTHENTICATION, "encryption": Security.ENCRYPTION,
    "both": Security.AUTHENTICATION_ENCRYPTION,
}  # fmt: skip
SUITES = [SecuritySuite.SUITE_0, SecuritySuite.SUITE_1, SecuritySuite.SUITE_2]
GLO_REQUESTS = {0xC8: 0xCC, 0xC9: 0xCD, 0xCB: 0xCF, 0x25: 0x2C, 0x26: 0x2D}
LN, SN_BASE, CLOCK_BASE, PROFILE_BASE, RELAY_BASE, DATA_BASE = "0.0.40.0.0.255", 0xFA00, 0x1000, 0x2000, 0x3000, 0x4000
DENIED, UNDEFINED, UNMATCHED, OTHER = 3, 4, 12, 250
ROWS, PERIOD = 2976, datetime.timedelta(minutes=15)


def name(text):
    return bytes(int(group) for group in text.split("."))


def encoded(kind, value):
    made = GXByteBuffer()
    _GXCommon.setData(None, made, kind, value)
    return bytes(made.array())


def octets(value):
    return encoded(DataType.OCTET_STRING, bytearray(value))


def structure(*parts):
    return bytes([2, len(parts)]) + b"".join(parts)


def array(parts):
    count = GXByteBuffer()
    _GXCommon.setObjectCount(len(parts), count)
    return b"\x01" + bytes(count.array()) + b"".join(parts)


def stamp(moment):
    """A date-time as an octet-string, by gurux-dlms."""
    return octets(GXByteBuffer(date_time(moment)).array())


def date_time(moment):
    made = GXByteBuffer()
    _GXCommon.setData(None, made, DataType.DATETIME, GXDateTime(moment))
    raw = bytes(made.array())
    return raw[1:] if len(raw) == 13 else raw


class Meter:
    """Attributes by (class, logical name, index), and by short name; each a function that gives A-XDR bytes."""

    def __init__(self, given):
        self.moved = datetime.timedelta()
        self.closed = True
        self.written = b"\x00"
        self.objects = []
        now = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0)
        end = now - datetime.timedelta(minutes=now.minute % 15)
        self.rows = [(end - PERIOD * (ROWS - 1 - number), number) for number in range(ROWS)]
        u16, u32, i8, enum = DataType.UINT16, DataType.UINT32, DataType.INT8, DataType.ENUM
        wh = structure(encoded(i8, 0), encoded(enum, 30))
        self.columns = [
            structure(encoded(u16, 8), octets(name("0.0.1.0.0.255")), encoded(i8, 2), encoded(u16, 0)),
            structure(encoded(u16, 1), octets(name("0.0.96.10.1.255")), encoded(i8, 2), encoded(u16, 0)),
            structure(encoded(u16, 3), octets(name("1.0.1.8.0.255")), encoded(i8, 2), encoded(u16, 0)),
            structure(encoded(u16, 3), octets(name("1.0.2.8.0.255")), encoded(i8, 2), encoded(u16, 0)),
        ]
        self.add(1, "0.0.42.0.0.255", 0x0100, {2: lambda: octets(b"GRX0000000000001")})
        self.add(1, "0.0.96.1.0.255", 0x0110, {2: lambda: octets(b"00000001")})
        self.add(1, "0.0.96.10.1.255", 0x0120, {2: lambda: encoded(DataType.UINT8, 0)})
        self.add(1, "1.0.0.2.0.255", 0x0130, {2: lambda: octets(b"GRX 1.0")})
        self.add(1, "0.0.96.50.0.255", DATA_BASE, {2: lambda: self.written})
        self.add(8, "0.0.1.0.0.255", CLOCK_BASE, {
            2: lambda: stamp(self.now()), 3: lambda: encoded(DataType.INT16, 0), 4: lambda: encoded(DataType.UINT8, 0),
        })  # fmt: skip
        for number, code in enumerate(("1.0.1.8.0.255", "1.0.2.8.0.255", "1.0.1.8.1.255", "1.0.1.8.2.255")):
            value = encoded(u32, 1000 * (number + 1) + ROWS)
            self.add(3, code, 0x0200 + 0x20 * number, {2: lambda value=value: value, 3: lambda: wh})
        for number in range(40):
            value = encoded(u32, 100 + number)
            self.add(3, f"1.0.{51 + number}.7.0.255", 0x5000 + 0x20 * number,
                     {2: lambda value=value: value, 3: lambda: wh})  # fmt: skip
        self.add(7, "1.0.99.1.0.255", PROFILE_BASE, {
            2: self.buffer, 3: lambda: array(self.columns), 4: lambda: encoded(u32, 900), 5: lambda: encoded(enum, 1),
            6: lambda: self.columns[0], 7: lambda: encoded(u32, ROWS), 8: lambda: encoded(u32, ROWS),
        })  # fmt: skip
        self.add(7, "0.0.99.98.0.255", PROFILE_BASE + 0x100, {
            2: self.log, 3: lambda: array(self.log_columns()), 4: lambda: encoded(u32, 0), 5: lambda: encoded(enum, 1),
            7: lambda: encoded(u32, 3), 8: lambda: encoded(u32, 100),
        })  # fmt: skip
        self.add(70, "0.0.96.3.10.255", RELAY_BASE, {
            2: lambda: encoded(DataType.BOOLEAN, self.closed), 3: lambda: encoded(enum, int(self.closed)),
            4: lambda: encoded(enum, 2),
        })  # fmt: skip
        if given.referencing == "ln":
            self.add(15, LN, 0, {2: self.object_list})
        else:
            self.add(12, LN, SN_BASE, {2: self.object_list})
        self.short = given.referencing == "sn"

    def add(self, class_id, code, base, attributes):
        self.objects.append((class_id, code, base, {1: lambda: octets(name(code)), **attributes}))

    def now(self):
        return datetime.datetime.now(datetime.UTC) + self.moved

    def log_columns(self):
        u16, i8 = DataType.UINT16, DataType.INT8
        code = octets(name("0.0.96.11.0.255"))
        return [self.columns[0], structure(encoded(u16, 1), code, encoded(i8, 2), encoded(u16, 0))]

    def log(self, selection=None):
        events = [(self.rows[number][0], code) for number, code in ((100, 1), (101, 2), (2000, 4))]
        if selection and selection[0] == 1:
            since, until = (moment(each) for each in selection[1][1:3])
            events = [event for event in events if since <= event[0] <= until]
        return array([structure(stamp(at), encoded(DataType.UINT8, code)) for at, code in events])

    def buffer(self, selection=None):
        rows = self.rows
        if selection and selection[0] == 1:
            since, until = (moment(each) for each in selection[1][1:3])
            rows = [row for row in rows if since <= row[0] <= until]
        elif selection:
            first, last = selection[1][:2]
            rows = rows[max(first, 1) - 1 : last or None]
        return array([
            structure(stamp(at), encoded(DataType.UINT8, 0), encoded(DataType.UINT32, 1000 + number),
                      encoded(DataType.UINT32, 2000 + number))
            for at, number in rows
        ])  # fmt: skip

    def object_list(self):
        u16, u8, i8, enum = DataType.UINT16, DataType.UINT8, DataType.INT8, DataType.ENUM
        made = []
        for class_id, code, base, attributes in self.objects:
            version = 1 if class_id in (7, 15) else 0
            if self.short:
                made.append(structure(encoded(DataType.INT16, base - 0x10000 if base > 0x7FFF else base),
                                      encoded(u16, class_id), encoded(u8, version), octets(name(code))))  # fmt: skip
            else:
                rights = array([structure(encoded(i8, each), encoded(enum, 1), b"\0") for each in sorted(attributes)])
                made.append(structure(encoded(u16, class_id), encoded(u8, version), octets(name(code)),
                                      structure(rights, array([]))))  # fmt: skip
        return array(made)

    def read(self, class_id, code, index, selection):
        for each in self.objects:
            if each[:2] == (class_id, code):
                return self.attribute(each[3], index, selection)
        return UNDEFINED, b""

    def read_short(self, address, selection):
        for _, _, base, attributes in self.objects:
            if base <= address < base + 8 * max(attributes) and (address - base) % 8 == 0:
                return self.attribute(attributes, (address - base) // 8 + 1, selection)
        return UNDEFINED, b""

    @staticmethod
    def attribute(attributes, index, selection):
        if index not in attributes:
            return UNDEFINED, b""
        return 0, attributes[index](selection) if selection else attributes[index]()

    def write(self, class_id, index, raw, value):
        if class_id == 1 and index == 2:
            self.written = raw
        elif class_id == 8 and index == 2:
            self.moved = moment(value) - datetime.datetime.now(datetime.UTC)
        else:
            return DENIED
        return 0

    def call(self, class_id, method):
        if class_id == 70 and method in (1, 2):
            self.closed = method == 2
            return 0
        return UNDEFINED


def moment(value):
    """A date-time that a client sent, by gurux-dlms; without a zone it is UTC."""
    info = _GXDataInfo()
    info.type_ = DataType.DATETIME
    raw = value if isinstance(value, (bytes, bytearray)) else date_time(value.value)
    at = _GXCommon.getData(GXDLMSSettings(True, None), GXByteBuffer(bytes(raw)), info).value
    return at.astimezone(datetime.UTC) if at.tzinfo else at.replace(tzinfo=datetime.UTC)


class Session:
    """One client: association and services; ``answer`` takes and gives plain or ciphered APDUs."""

    def __init__(self, given, meter):
        self.given = given
        self.meter = meter
        self.settings = GXDLMSSettings(True, None)
        self.settings.setUseLogicalNameReferencing(given.referencing == "ln")
        self.settings.interfaceType = InterfaceType.PDU
        self.settings.cipher = self.cipher = GXCiphering(bytearray.fromhex(given.system_title))
        self.keys()
        self.associated = self.pending = False
        self.rest = None
        self.outer = 0

    def keys(self):
        self.cipher.systemTitle = bytearray.fromhex(self.given.system_title)
        self.cipher.blockCipherKey = bytearray.fromhex(self.given.ek)
        self.cipher.authenticationKey = bytearray.fromhex(self.given.ak)
        self.cipher.securitySuite = SUITES[self.given.suite]

    def answer(self, apdu):
        tag = apdu[0]
        if tag == 0x60:
            return self.associate(apdu)
        if tag == 0x62:
            self.associated = self.pending = False
            return bytes.fromhex("6303800100")
        self.outer = 0
        if tag in GLO_REQUESTS or tag in (0xD0, 0xD1, 0xD3, 0xDB, 0xDC):
            apdu = self.opened(apdu)
            if apdu is None:
                return bytes([0xD8, 2, 5])
        elif SECURITIES[self.given.security] != Security.NONE and not self.pending:
            return bytes([0xD8, 1, 1])
        if not (self.associated or (self.pending and apdu[0] in (0xC3, 0x05))):
            return bytes([0xD8, 1, 1])
        handler = {0xC0: self.get, 0xC1: self.set, 0xC3: self.action, 0x05: self.read, 0x06: self.write}.get(apdu[0])
        if handler is None:
            return bytes([0xD8, 2, 2])
        buffer = GXByteBuffer(apdu)
        buffer.position = 1
        return self.closed(bytes(handler(buffer)))

    # Protection: AES-GCM by gurux-dlms

    def opened(self, apdu):
        self.outer = apdu[0]
        key = self.cipher.dedicatedKey if self.outer in (0xD0, 0xD1, 0xD3, 0xDC) else self.cipher.blockCipherKey
        parameter = AesGcmParameter(0, self.settings.sourceSystemTitle, key, self.cipher.authenticationKey)
        parameter.securitySuite = self.cipher.securitySuite
        try:
            return bytes(GXDLMSChippering.decryptAesGcm(self.settings, parameter, GXByteBuffer(apdu)))
        except Exception as error:  # noqa: BLE001 - gurux-dlms raises bare ones
            print("not deciphered:", error, file=sys.stderr)
            return None

    def closed(self, apdu):
        if not self.outer:
            return apdu
        answers = {**GLO_REQUESTS, 0xD0: 0xD4, 0xD1: 0xD5, 0xD3: 0xD7}
        key = self.cipher.dedicatedKey if self.outer in (0xD0, 0xD1, 0xD3, 0xDC) else self.cipher.blockCipherKey
        return self.encrypted(answers.get(self.outer, self.outer), key, apdu)

    def encrypted(self, tag, key, plain):
        parameter = AesGcmParameter(tag, self.cipher.systemTitle, key, self.cipher.authenticationKey)
        parameter.security = SECURITIES[self.given.security]
        parameter.securitySuite = self.cipher.securitySuite
        parameter.invocationCounter = self.cipher.invocationCounter
        self.cipher.invocationCounter += 1
        return bytes(GXDLMSChippering.encryptAesGcm(parameter, plain))

    # Association: AARQ parsed, digests made by gurux-dlms

    def associate(self, apdu):
        self.associated = self.pending = False
        wanted = AUTHENTICATIONS[self.given.authentication]
        security = SECURITIES[self.given.security]
        self.settings.setCtoSChallenge(None)
        self.settings.password = None
        self.settings.proposedConformance = self.offered()
        self.settings.authentication = Authentication.NONE
        self.cipher.security = security
        try:
            diagnostic = int(_GXAPDU.parsePDU(self.settings, self.cipher, GXByteBuffer(apdu), None))
        except GXDLMSException as error:
            diagnostic = int(error.diagnostic) or 1
        except Exception as error:  # noqa: BLE001 - gurux-dlms raises bare ones
            print("AARQ:", repr(error), file=sys.stderr)
            diagnostic = 1
        # What the client sent may have changed it.
        self.cipher.security = security
        self.keys()
        self.settings.negotiatedConformance = Conformance(
            int(self.settings.negotiatedConformance) & int(self.offered())
        )
        if not diagnostic and self.settings.authentication != wanted:
            diagnostic = 13 if self.settings.authentication else 14
        password = bytes(self.settings.password or b"")
        if not diagnostic and wanted == Authentication.LOW and password != self.given.password.encode():
            diagnostic = 13
        if diagnostic:
            return self.aare(1, diagnostic, bytes([0x0E, 1, 6, 0]), b"")
        challenge = b""
        if wanted > Authentication.LOW:
            self.pending, diagnostic = True, 14
            challenge = bytes(GXSecure.generateChallenge())
            self.settings.setStoCChallenge(bytearray(challenge))
        else:
            self.associated = True
        self.cipher.security = Security.NONE
        information = bytes(_GXAPDU.getUserInformation(self.settings, self.cipher))
        self.cipher.security = security
        if security != Security.NONE:
            information = self.encrypted(Command.GLO_INITIATE_RESPONSE, self.cipher.blockCipherKey, information)
        # PDUs are ciphered here, not by getLNPdu, so that it must not do it again.
        self.cipher.security = Security.NONE
        return self.aare(0, diagnostic, information, challenge)

    def offered(self):
        names = ["BLOCK_TRANSFER_WITH_GET_OR_READ", "MULTIPLE_REFERENCES"]
        names += ["GET", "SET", "ACTION", "SELECTIVE_ACCESS"] if self.given.referencing == "ln" else []
        names += ["READ", "WRITE", "PARAMETERIZED_ACCESS"] if self.given.referencing == "sn" else []
        names += ["GENERAL_PROTECTION"] if self.given.general else []
        return Conformance(sum(int(getattr(Conformance, each)) for each in names))

    def aare(self, result, diagnostic, information, challenge):
        context = (1 if self.given.referencing == "ln" else 2) + (2 if self.given.security != "none" else 0)
        body = bytes.fromhex("A1090607608574050801") + bytes([context])
        body += bytes([0xA2, 3, 2, 1, result, 0xA3, 5, 0xA1, 3, 2, 1, diagnostic])
        if self.given.security != "none" or self.given.authentication in ("gmac", "sha256"):
            title = bytes(self.cipher.systemTitle)
            body += bytes([0xA4, len(title) + 2, 4, len(title)]) + title
        if challenge:
            mechanism = bytes.fromhex("608574050802") + bytes([int(self.settings.authentication)])
            body += bytes.fromhex("88020780") + bytes([0x89, len(mechanism)]) + mechanism
            body += bytes([0xAA, len(challenge) + 2, 0x80, len(challenge)]) + challenge
        body += bytes([0xBE, len(information) + 2, 4, len(information)]) + information
        return bytes([0x61, len(body)]) + body

    def proved(self, reply):
        """Passes 3 and 4: the answer to the client's f(StoC), None when it is wrong."""
        reply = bytes(reply)
        ours = self.given.password.encode()
        gmac = self.settings.authentication == Authentication.HIGH_GMAC
        sha = self.settings.authentication == Authentication.HIGH_SHA256
        client, server = bytes(self.settings.sourceSystemTitle or b""), bytes(self.cipher.systemTitle)
        stoc, ctos = bytes(self.settings.getStoCChallenge()), bytes(self.settings.getCtoSChallenge())
        counter = int.from_bytes(reply[1:5], "big") if gmac else 0
        expected = self.digest(counter, stoc, client if gmac else ours + client + server + stoc + ctos if sha else ours)
        if reply != expected:
            return None
        counter = self.cipher.invocationCounter
        self.cipher.invocationCounter += 1
        self.associated, self.pending = True, False
        return self.digest(counter, ctos, server if gmac else ours + server + client + ctos + stoc if sha else ours)

    def digest(self, counter, challenge, secret):
        made = GXSecure.secure(self.settings, self.cipher, counter, bytearray(challenge), bytearray(secret))
        return bytes(made)

    # Logical names

    def get(self, buffer):
        kind, invoke = buffer.getUInt8(), buffer.getUInt8()
        reply = GXByteBuffer()
        if kind == 1:
            self.settings.resetBlockIndex()
            status, data = self.meter.read(*self.target(buffer))
            self.rest = GXByteBuffer(data)
            GXDLMS.getLNPdu(self.parameters(invoke, 1, self.rest, status), reply)
        elif kind == 2:
            number = buffer.getUInt32()
            if self.rest is None or number != self.settings.blockIndex:
                GXDLMS.getLNPdu(self.parameters(invoke, 2, GXByteBuffer(), 19), reply)
                return reply.array()
            self.settings.increaseBlockIndex()
            parameters = self.parameters(invoke, 2, self.rest, 0)
            parameters.multipleBlocks = True
            GXDLMS.getLNPdu(parameters, reply)
        elif kind == 3:
            self.settings.resetBlockIndex()
            count = _GXCommon.getObjectCount(buffer)
            self.rest = GXByteBuffer()
            _GXCommon.setObjectCount(count, self.rest)
            for _ in range(count):
                status, data = self.meter.read(*self.target(buffer))
                self.rest.set(bytes([1, status]) if status else b"\0" + data)
            GXDLMS.getLNPdu(self.parameters(invoke, 3, self.rest, 0xFF), reply)
        return reply.array()

    def parameters(self, invoke, kind, data, status):
        return GXDLMSLNParameters(self.settings, invoke, Command.GET_RESPONSE, kind, None, data, status)

    @staticmethod
    def target(buffer, selective=True):
        class_id = buffer.getUInt16()
        raw = bytearray(6)
        buffer.get(raw)
        index, selection = buffer.getUInt8(), None
        if selective and buffer.getUInt8():
            selector = buffer.getUInt8()
            selection = (selector, _GXCommon.getData(None, buffer, _GXDataInfo()))
        code = ".".join(str(each) for each in raw)
        return (class_id, code, index, selection) if selective else (class_id, code, index)

    def set(self, buffer):
        kind, invoke = buffer.getUInt8(), buffer.getUInt8()
        class_id, _, index, _ = self.target(buffer)
        raw = bytes(buffer.array())[buffer.position :]
        value = _GXCommon.getData(None, buffer, _GXDataInfo())
        status = self.meter.write(class_id, index, raw, value) if kind == 1 else OTHER
        return bytes([0xC5, 1, invoke, status])

    def action(self, buffer):
        _, invoke = buffer.getUInt8(), buffer.getUInt8()
        class_id, _, method = self.target(buffer, selective=False)
        value = _GXCommon.getData(None, buffer, _GXDataInfo()) if buffer.getUInt8() else None
        if class_id == 15 and method == 1:
            proof = self.proved(value)
            return bytes([0xC7, 1, invoke, OTHER, 0]) if proof is None else (
                bytes([0xC7, 1, invoke, 0, 1, 0]) + octets(proof)
            )  # fmt: skip
        return bytes([0xC7, 1, invoke, self.meter.call(class_id, method), 0])

    # Short names

    def read(self, buffer):
        count = _GXCommon.getObjectCount(buffer)
        reply, results = GXByteBuffer(), []
        for _ in range(count):
            kind = buffer.getUInt8()
            if kind == 5:
                number = buffer.getUInt16()
                if self.rest is None or number != self.settings.blockIndex:
                    return bytes([0x0C, 1, 1, 19])
                self.settings.increaseBlockIndex()
                GXDLMS.getSNPdu(self.short(1, 2, self.rest, True), reply)
                return reply.array()
            address = buffer.getUInt16()
            selection = (buffer.getUInt8(), _GXCommon.getData(None, buffer, _GXDataInfo())) if kind == 4 else None
            if address == SN_BASE + 0x58:
                proof = self.proved(selection[1])
                results.append((OTHER, b"") if proof is None else (0, octets(proof)))
            elif not self.associated:
                return bytes([0xD8, 1, 1])
            else:
                results.append(self.meter.read_short(address, selection))
        self.settings.resetBlockIndex()
        status, data = results[0]
        self.rest = GXByteBuffer(bytes([status]) if status else data)
        for status, data in results[1:]:
            self.rest.set(bytes([1, status]) if status else b"\0" + data)
        GXDLMS.getSNPdu(self.short(count, 1 if results[0][0] else 0, self.rest, False), reply)
        return reply.array()

    def short(self, count, kind, data, more):
        parameters = GXDLMSSNParameters(self.settings, Command.READ_RESPONSE, count, kind, None, data)
        parameters.multipleBlocks = more
        return parameters

    def write(self, buffer):
        _GXCommon.getObjectCount(buffer)
        buffer.getUInt8()
        address = buffer.getUInt16()
        _GXCommon.getObjectCount(buffer)
        raw = bytes(buffer.array())[buffer.position :]
        value = _GXCommon.getData(None, buffer, _GXDataInfo())
        if address in (RELAY_BASE + 0x20, RELAY_BASE + 0x28):
            status = self.meter.call(70, 1 if address == RELAY_BASE + 0x20 else 2)
        else:
            places = {CLOCK_BASE + 8: 8, DATA_BASE + 8: 1}
            status = self.meter.write(places[address], 2, raw, value) if address in places else DENIED
        return bytes([0x0D, 1, 1, status]) if status else bytes([0x0D, 1, 0])


class Hdlc:
    """The station: window 1, fields of 128 bytes; checks by gurux-dlms."""

    def __init__(self, session, info):
        self.session = session
        self.info = info
        self.held = b""
        self.pieces, self.received = [], b""
        self.ns = self.nr = 0
        self.up = False
        self.last = b""

    def feed(self, data):
        self.held += data
        out = b""
        while len(self.held) >= 3:
            if self.held[0] != 0x7E or self.held[1] & 0xF0 != 0xA0:
                self.held = self.held[1:]
                continue
            size = (int.from_bytes(self.held[1:3], "big") & 0x7FF) + 2
            if len(self.held) < size:
                break
            frame, self.held = self.held[1 : size - 1], self.held[size - 1 :]
            if check(frame[:-2]) == frame[-2:]:
                out += self.heard(frame)
        return out

    def heard(self, frame):
        at = 2
        ends = []
        for _ in range(2):
            while not frame[at] & 1:
                at += 1
            at += 1
            ends.append(at)
        server, client, control = frame[2 : ends[0]], frame[ends[0] : ends[1]], frame[at]
        information = frame[at + 3 : -2]
        if control & ~0x10 == 0x83:
            self.up, self.ns, self.nr, self.pieces = True, 0, 0, []
            field = bytes.fromhex("818014") + bytes([5, 2]) + self.info.to_bytes(2, "big") + bytes([6, 2])
            field += self.info.to_bytes(2, "big") + bytes([7, 4, 0, 0, 0, 1, 8, 4, 0, 0, 0, 1])
            return framed(client, server, 0x73, field)
        if control & ~0x10 == 0x43:
            was, self.up = self.up, False
            self.session.associated = False
            return framed(client, server, 0x73 if was else 0x1F, b"")
        if not self.up:
            return framed(client, server, 0x1F, b"")
        if control & 1:
            # RR: the next segment, or the last once more if it was not acknowledged.
            if control >> 5 != self.ns:
                return self.last
            return self.send(client, server)
        if control >> 1 & 7 != self.nr:
            return self.last or framed(client, server, self.nr << 5 | 0x11, b"")
        self.nr = (self.nr + 1) % 8
        self.received += information
        if frame[0] & 8:
            self.last = framed(client, server, self.nr << 5 | 0x11, b"")
            return self.last
        message, self.received = self.received, b""
        answer = bytes.fromhex("E6E700") + self.session.answer(message[3:])
        self.pieces = [answer[start : start + self.info] for start in range(0, len(answer), self.info)]
        return self.send(client, server)

    def send(self, client, server):
        if not self.pieces:
            self.last = framed(client, server, self.nr << 5 | 0x11, b"")
            return self.last
        piece = self.pieces.pop(0)
        self.last = framed(client, server, self.nr << 5 | 0x10 | self.ns << 1, piece, bool(self.pieces))
        self.ns = (self.ns + 1) % 8
        return self.last


def check(data):
    return int(_GXFCS16.countFCS16(bytearray(data), 0, len(data))).to_bytes(2, "big")


def framed(destination, source, control, information, more=False):
    head = destination + source + bytes([control])
    size = 2 + len(head) + (2 + len(information) if information else 0) + 2
    head = (0xA000 | (0x0800 if more else 0) | size).to_bytes(2, "big") + head
    body = head + check(head) + information if information else head
    return b"\x7e" + body + check(body) + b"\x7e"


def serve_wrapper(connection, session):
    held = b""
    while data := connection.recv(4096):
        held += data
        while len(held) >= 8 and len(held) >= 8 + int.from_bytes(held[6:8], "big"):
            size = int.from_bytes(held[6:8], "big")
            source, destination, apdu = held[2:4], held[4:6], held[8 : 8 + size]
            held = held[8 + size :]
            answer = session.answer(apdu)
            connection.sendall(b"\0\x01" + destination + source + len(answer).to_bytes(2, "big") + answer)


def serve_hdlc(connection, session, info):
    station = Hdlc(session, info)
    while data := connection.recv(4096):
        connection.sendall(station.feed(data))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", choices=["wrapper", "hdlc"], default="wrapper")
    parser.add_argument("--info", type=int, default=128)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--referencing", choices=["ln", "sn"], default="ln")
    parser.add_argument("--authentication", choices=list(AUTHENTICATIONS), default="none")
    parser.add_argument("--password", default="00000000")
    parser.add_argument("--security", choices=list(SECURITIES), default="none")
    parser.add_argument("--suite", type=int, default=0)
    parser.add_argument("--general", action="store_true", help="offer general-protection")
    parser.add_argument("--system-title", default="4752580000000001")
    parser.add_argument("--ek", default="000102030405060708090A0B0C0D0E0F")
    parser.add_argument("--ak", default="D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
    parser.add_argument("--max-pdu", type=int, default=1024)
    given = parser.parse_args()
    meter = Meter(given)
    listening = socket.create_server(("127.0.0.1", given.port))
    print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listening.accept()
        session = Session(given, meter)
        session.settings.maxServerPDUSize = given.max_pdu
        with connection:
            try:
                if given.link == "hdlc":
                    serve_hdlc(connection, session, given.info)
                else:
                    serve_wrapper(connection, session)
            except ConnectionError:
                pass


if __name__ == "__main__":
    main()
