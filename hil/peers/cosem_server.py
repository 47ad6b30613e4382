# SPDX-License-Identifier: MIT
"""A COSEM meter whose bytes are read and made by dlms-cosem: a second lineage of servers beside that of gurux-dlms.

    python cosem_server.py [--link wrapper|hdlc] [--authentication none|lls|gmac] [--security none|both] [--pdu 512]

Prints ``host:port`` and serves one client after the other until it is killed. What dlms-cosem 25.1.0 reads and makes here:
AARQ and AARE, initiate, GET with blocks and lists, SET, ACTION, A-XDR data, date-times, general-glo, GMAC, the wrapper,
HDLC frames and their checks. It knows logical names only. It is under the Business Source License 1.1: it is run here in an
environment of its own, and nothing of metergate is imported.
"""

import argparse
import datetime
import socket

from dlms_cosem import cosem, dlms_data, security, time
from dlms_cosem import enumerations as enums
from dlms_cosem.hdlc import frames
from dlms_cosem.hdlc.address import HdlcAddress
from dlms_cosem.protocol import xdlms
from dlms_cosem.protocol.acse import (
    ApplicationAssociationRequest,
    ApplicationAssociationResponse,
    ReleaseResponse,
    UserInformation,
)
from dlms_cosem.protocol.wrappers import WrapperHeader, WrapperProtocolDataUnit
from dlms_cosem.protocol.xdlms import get, initiate_response
from dlms_cosem.protocol.xdlms.conformance import Conformance
from dlms_cosem.protocol.xdlms.general_global_cipher import GeneralGlobalCipher

TITLE, PASSWORD, CHALLENGE = b"DCS00001", b"00000000", bytes(range(16))
EK = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
AK = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
ROWS, PERIOD = 2976, datetime.timedelta(minutes=15)
#: Logical names.
ASSOCIATION, NAME, SERIAL, CLOCK, RELAY, ENERGY, PROFILE = (
    cosem.Obis(*groups).to_bytes()
    for groups in (
        (0, 0, 40, 0, 0), (0, 0, 42, 0, 0), (0, 0, 96, 1, 0), (0, 0, 1, 0, 0), (0, 0, 96, 3, 10), (1, 0, 1, 8, 0),
        (1, 0, 99, 1, 0),
    )
)  # fmt: skip
LLC_COMMAND, LLC_RESPONSE = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
SEGMENT = 128


def u8(value):
    return dlms_data.UnsignedIntegerData(value)


def u16(value):
    return dlms_data.UnsignedLongData(value)


def u32(value):
    return dlms_data.DoubleLongUnsignedData(value)


def octets(value):
    return dlms_data.OctetStringData(value)


def stamp(moment):
    return octets(time.datetime_to_bytes(moment))


def aware(moment):
    """It reads a deviation of 0 as none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)  # noqa: UP017 - as above


def column(kind, obis, attribute=2):
    parts = [u16(kind), octets(obis), dlms_data.IntegerData(attribute), u16(0)]
    return dlms_data.DataStructure(parts)


class Said(dlms_data.BaseDlmsData):
    """Its own null-data and booleans cannot be made into bytes."""

    def to_bytes(self):
        return self.value


NULL, FALSE, TRUE = Said(b"\x00"), Said(b"\x03\x00"), Said(b"\x03\x01")


class Meter:
    """Attributes by (class, logical name, index): functions of a range, or None, that give dlms-cosem's data."""

    def __init__(self):
        self.moved = datetime.timedelta()
        self.closed = True
        now = self.now().replace(second=0, microsecond=0)
        end = now - datetime.timedelta(minutes=now.minute % 15)
        self.rows = [(end - PERIOD * (ROWS - 1 - number), number) for number in range(ROWS)]
        columns = dlms_data.DataArray([column(8, CLOCK), column(3, ENERGY)])
        unit = dlms_data.DataStructure([dlms_data.IntegerData(0), dlms_data.EnumData(30)])
        self.attributes = {
            (1, NAME, 2): lambda _: octets(b"DCS0000000000002"),
            (1, SERIAL, 2): lambda _: octets(b"00000002"),
            (8, CLOCK, 2): lambda _: stamp(self.now()),
            (3, ENERGY, 2): lambda _: u32(1000 + ROWS),
            (3, ENERGY, 3): lambda _: unit,
            (7, PROFILE, 2): self.buffer,
            (7, PROFILE, 3): lambda _: columns,
            (7, PROFILE, 4): lambda _: u32(900),
            (70, RELAY, 2): lambda _: TRUE if self.closed else FALSE,
            (70, RELAY, 3): lambda _: dlms_data.EnumData(int(self.closed)),
            (70, RELAY, 4): lambda _: dlms_data.EnumData(2),
            (15, ASSOCIATION, 2): self.object_list,
        }

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + self.moved  # noqa: UP017 - as old Pythons have it

    def buffer(self, wanted):
        rows = [
            row for row in self.rows if wanted is None or aware(wanted.from_value) <= row[0] <= aware(wanted.to_value)
        ]
        return dlms_data.DataArray([dlms_data.DataStructure([stamp(at), u32(1000 + number)]) for at, number in rows])

    def object_list(self, _):
        found = {}
        for kind, obis, index in self.attributes:
            found.setdefault((kind, obis), []).append(index)
        made = []
        for (kind, obis), indexes in found.items():
            rights = [
                dlms_data.DataStructure([dlms_data.IntegerData(index), dlms_data.EnumData(1), NULL])
                for index in [1, *indexes]
            ]
            both = dlms_data.DataStructure([dlms_data.DataArray(rights), dlms_data.DataArray([])])
            made.append(dlms_data.DataStructure([u16(kind), u8(1 if kind in (7, 15) else 0), octets(obis), both]))
        return dlms_data.DataArray(made)

    def read(self, attribute, wanted=None):
        """The data, or why there are none."""
        found = self.attributes.get((attribute.interface.value, attribute.instance.to_bytes(), attribute.attribute))
        return enums.DataAccessResult.OBJECT_UNDEFINED if found is None else found(wanted)


class Association:
    """One client: APDUs in, APDUs out."""

    def __init__(self, meter, given):
        self.meter = meter
        self.given = given
        self.client_title = self.client_challenge = b""
        self.counter = 0
        self.open = self.proved = False
        self.blocks = []

    def answer(self, apdu):
        tag = apdu[0]
        if tag == ApplicationAssociationRequest.TAG:
            return self.associate(ApplicationAssociationRequest.from_bytes(apdu))
        if tag == 0x62:
            self.open = False
            return ReleaseResponse(reason=enums.ReleaseResponseReason.NORMAL).to_bytes()
        if tag == GeneralGlobalCipher.TAG:
            sealed = GeneralGlobalCipher.from_bytes(apdu)
            plain = security.decrypt(
                sealed.security_control, self.client_title, sealed.invocation_counter, EK, sealed.ciphered_text, AK
            )
            control, counter, text = self.sealed(self.serve(bytes(plain)))
            content = control.to_bytes() + counter.to_bytes(4, "big") + text
            # Its own has one octet for the length.
            head = bytes((GeneralGlobalCipher.TAG, len(TITLE))) + TITLE
            return head + dlms_data.encode_variable_integer(len(content)) + content
        if self.given.security == "both":
            return bytes((0xD8, 1, 1))
        return self.serve(apdu)

    def sealed(self, plain):
        self.counter += 1
        control = security.SecurityControlField(security_suite=0, authenticated=True, encrypted=True)
        return control, self.counter, security.encrypt(control, TITLE, self.counter, EK, plain, AK)

    def associate(self, request):
        self.client_title = request.system_title or b""
        self.client_challenge = request.authentication_value or b""
        wanted = {
            "none": None,
            "lls": enums.AuthenticationMechanism.LLS,
            "gmac": enums.AuthenticationMechanism.HLS_GMAC,
        }
        right = request.authentication is wanted[self.given.authentication]
        if self.given.authentication == "lls":
            right = right and bytes(request.authentication_value) == PASSWORD
        result, diagnostic = enums.AssociationResult.ACCEPTED, enums.AcseServiceUserDiagnostics.NULL
        if not right:
            result = enums.AssociationResult.REJECTED_PERMANENT
            diagnostic = enums.AcseServiceUserDiagnostics.AUTHENTICATION_FAILED
        hls = self.given.authentication == "gmac"
        self.open, self.proved = right, not hls
        if right and hls:
            diagnostic = enums.AcseServiceUserDiagnostics.AUTHENTICATION_REQUIRED
        initiate = xdlms.InitiateResponse(
            negotiated_conformance=Conformance(
                general_protection=self.given.security == "both",
                block_transfer_with_get_or_read=True,
                multiple_references=True,
                get=True,
                set=True,
                selective_access=True,
                action=True,
            ),
            server_max_receive_pdu_size=self.given.pdu,
        )
        if self.given.security == "both":
            control, counter, text = self.sealed(initiate.to_bytes())
            initiate = initiate_response.GlobalCipherInitiateResponse(control, counter, text)
        return ApplicationAssociationResponse(
            result=result,
            result_source_diagnostics=diagnostic,
            ciphered=request.ciphered,
            authentication=request.authentication if hls else None,
            system_title=TITLE if hls or request.ciphered else None,
            authentication_value=CHALLENGE if right and hls else None,
            user_information=UserInformation(content=initiate) if right else None,
        ).to_bytes()

    def serve(self, apdu):
        if not self.open:
            return bytes((0xD8, 1, 1))
        if apdu[0] == xdlms.ActionRequestNormal.TAG:
            return self.act(xdlms.ActionRequestFactory.from_bytes(apdu))
        if not self.proved:
            return bytes((0xD8, 1, 1))
        if apdu[0] == xdlms.SetRequestNormal.TAG:
            return self.put(xdlms.SetRequestFactory.from_bytes(apdu))
        request = xdlms.GetRequestFactory.from_bytes(apdu)
        invoke = request.invoke_id_and_priority
        if isinstance(request, xdlms.GetRequestNext):
            return self.next_block(invoke)
        if isinstance(request, get.GetRequestWithList):
            found = [
                self.meter.read(each.attribute, each.access_selection)
                for each in request.cosem_attributes_with_selection
            ]
            return get.GetResponseWithList(found, invoke).to_bytes()
        found = self.meter.read(request.cosem_attribute, request.access_selection)
        if isinstance(found, enums.DataAccessResult):
            return get.GetResponseNormalWithError(found, invoke).to_bytes()
        data = found.to_bytes()
        if len(data) + 4 <= self.given.pdu:
            # Its own of this one kind cannot be made into bytes.
            return (
                bytes((get.GetResponseNormal.TAG, get.GetResponseNormal.RESPONSE_TYPE))
                + invoke.to_bytes()
                + b"\0"
                + data
            )
        size = self.given.pdu - 16
        self.blocks = [data[at : at + size] for at in range(0, len(data), size)]
        self.sent = 0
        return self.next_block(invoke)

    def next_block(self, invoke):
        data, self.sent = self.blocks.pop(0), self.sent + 1
        kind = get.GetResponseWithBlock if self.blocks else get.GetResponseLastBlock
        return kind(data, self.sent, invoke).to_bytes()

    def put(self, request):
        attribute = request.cosem_attribute
        result = enums.DataAccessResult.READ_WRITE_DENIED
        if (attribute.interface.value, attribute.instance.to_bytes(), attribute.attribute) == (8, CLOCK, 2):
            to, _ = time.datetime_from_bytes(request.data[2:])
            self.meter.moved += aware(to) - self.meter.now()
            result = enums.DataAccessResult.SUCCESS
        return xdlms.SetResponseNormal(result, request.invoke_id_and_priority).to_bytes()

    def act(self, request):
        method, invoke = request.cosem_method, request.invoke_id_and_priority
        if (method.interface.value, method.instance.to_bytes(), method.method) == (15, ASSOCIATION, 1):
            return self.prove(bytes(request.data[2:]), invoke)
        if self.proved and (method.interface.value, method.instance.to_bytes()) == (70, RELAY):
            self.meter.closed = method.method == 2
            return xdlms.ActionResponseNormal(enums.ActionResultStatus.SUCCESS, invoke).to_bytes()
        return xdlms.ActionResponseNormal(enums.ActionResultStatus.OBJECT_UNDEFINED, invoke).to_bytes()

    def prove(self, said, invoke):
        control = security.SecurityControlField(security_suite=0, authenticated=True, encrypted=False)
        counter = int.from_bytes(said[1:5], "big")
        if security.gmac(control, self.client_title, counter, EK, AK, CHALLENGE) != said[5:]:
            return xdlms.ActionResponseNormal(enums.ActionResultStatus.OTHER_REASON, invoke).to_bytes()
        self.proved = True
        self.counter += 1
        proof = control.to_bytes() + self.counter.to_bytes(4, "big")
        proof += security.gmac(control, TITLE, self.counter, EK, AK, self.client_challenge)
        data = octets(proof).to_bytes()
        return xdlms.ActionResponseNormalWithData(enums.ActionResultStatus.SUCCESS, data, invoke).to_bytes()


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def wrapper(connection, association):
    while True:
        header = WrapperHeader.from_bytes(exactly(connection, 8))
        answer = association.answer(exactly(connection, header.length))
        back = WrapperHeader(header.destination_wport, header.source_wport, len(answer))
        connection.sendall(WrapperProtocolDataUnit(answer, back).to_bytes())


class Station:
    """HDLC with the default parameters: fields of 128 octets, a window of one."""

    def __init__(self, association):
        self.association = association
        self.expected = self.next = 0
        self.heard = b""
        self.waiting = []

    def answer(self, frame):
        server = HdlcAddress.destination_from_bytes(frame, "server")
        client = HdlcAddress.source_from_bytes(frame, "client")
        control = frame[3 + server.length + client.length]
        if control & ~0x10 in (0x83, 0x43):  # SNRM, DISC
            self.__init__(self.association)
            return frames.UnNumberedAcknowledgmentFrame(client, server).to_bytes()
        if control & 1 == 0:
            self.take(frame, server, client, control)
            if frame[1] & 0x08:
                return frames.ReceiveReadyFrame(client, server, self.expected).to_bytes()
            apdu = self.association.answer(self.heard[3:])
            self.heard = b""
            whole = LLC_RESPONSE + apdu
            self.waiting = [whole[at : at + SEGMENT] for at in range(0, len(whole), SEGMENT)]
        if not self.waiting:
            return frames.ReceiveReadyFrame(client, server, self.expected).to_bytes()
        made = frames.InformationFrame(
            client,
            server,
            payload=self.waiting.pop(0),
            segmented=bool(self.waiting),
            send_sequence_number=self.next,
            receive_sequence_number=self.expected,
        )
        self.next = (self.next + 1) % 8
        return made.to_bytes()

    def take(self, frame, server, client, control):
        information = frame[6 + server.length + client.length : -3]
        again = frames.InformationFrame(
            server,
            client,
            payload=information,
            segmented=bool(frame[1] & 0x08),
            final=bool(control & 0x10),
            send_sequence_number=control >> 1 & 7,
            receive_sequence_number=control >> 5,
        )
        # What the client sent is what dlms-cosem would have sent, checks and all.
        if again.to_bytes() != frame:
            raise ConnectionError
        self.expected = (self.expected + 1) % 8
        self.heard += information


def hdlc(connection, association):
    station = Station(association)
    while True:
        flag = exactly(connection, 1)
        start = exactly(connection, 1)
        while start == flag == b"\x7e":  # a closing and an opening flag
            start = exactly(connection, 1)
        head = start + exactly(connection, 1)
        size = (head[0] & 0x07) << 8 | head[1]
        frame = b"\x7e" + head + exactly(connection, size - 1)
        connection.sendall(station.answer(frame))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--link", choices=["wrapper", "hdlc"], default="wrapper")
    parser.add_argument("--authentication", choices=["none", "lls", "gmac"], default="none")
    parser.add_argument("--security", choices=["none", "both"], default="none")
    parser.add_argument("--pdu", type=int, default=512)
    given = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
    meter = Meter()
    while True:
        connection, _ = listening.accept()
        with connection:
            try:
                (wrapper if given.link == "wrapper" else hdlc)(connection, Association(meter, given))
            except (ConnectionError, security.DecryptionError):
                continue


if __name__ == "__main__":
    main()
