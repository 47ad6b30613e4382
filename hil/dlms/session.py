"""One client's session with the meter: association, protection, services, release. APDUs in, APDUs out; no link, no clock."""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable
from dataclasses import replace

from hil.dlms import acse, gbt, gcm, hls, security
from hil.dlms.association import association_object
from hil.dlms.axdr import UINT8, Data, NotAxdr, encode, octets
from hil.dlms.cosem_object import OTHER, TYPE_UNMATCHED, UNDEFINED, CosemObject, Refused
from hil.dlms.event_log import TERMINAL_COVER_REMOVED
from hil.dlms.faults import DlmsFaults
from hil.dlms.gbt import BlockTransfer
from hil.dlms.gcm import NotDeciphered
from hil.dlms.hls import Handshake
from hil.dlms.ln_services import LnServices
from hil.dlms.meter import Meter
from hil.dlms.obis import logical_name
from hil.dlms.security import Protection
from hil.dlms.sn_services import SnServices
from hil.dlms.view import AssociationRule, View

#: exception-response: state error 1 is "service not allowed", 2 "service unknown"; then the service error: 1 operation
#: not possible, 2 service not supported, 5 deciphering error, 6 invocation counter error with the least counter taken.
NOT_ALLOWED = bytes([0xD8, 1, 1])
UNKNOWN_SERVICE = bytes([0xD8, 2, 2])
DECIPHERING_ERROR = bytes([0xD8, 2, 5])
COUNTER_ERROR = bytes([0xD8, 2, 6])

#: What protection adds to an APDU at most: tag, title, lengths, control, counter, tag; with general-ciphering its header.
_OVERHEAD = {security.GENERAL_GLO: 32, security.GENERAL_DED: 32, security.GENERAL_CIPHERING: 256}
_OVERHEAD_SERVICE = 22

_LEAST = {"": 0, "authentication": gcm.AUTHENTICATED, "encryption": gcm.ENCRYPTED}
_LEAST["both"] = gcm.AUTHENTICATED | gcm.ENCRYPTED


#: What follows the invoke-id when object, attribute or method is undefined: of a GET, and of an ACTION.
_UNKNOWN = (bytes([1, UNDEFINED]), bytes([UNDEFINED, 0]))

_FRAUD_CODE = logical_name("0-0:96.11.1*255")


class Dropped(Exception):
    """The meter closes the connection, or falls silent where there is none."""


class Session:
    """The state between one client SAP and the meter."""

    def __init__(self, meter: Meter, client: int, faults: DlmsFaults) -> None:
        self.meter = meter
        self.client = client
        self.faults = faults
        self._random = random.Random(client)
        self.close()

    def close(self) -> None:
        """The link is down, or the association released."""
        self.rule: AssociationRule | None = None
        self._services: LnServices | SnServices | None = None
        self._proved: LnServices | SnServices | None = None
        self._after_proof: LnServices | SnServices | None = None
        self._handshake: Handshake | None = None
        self._protection = Protection(self.meter.keys, self.meter.system_title)
        self._transfer: BlockTransfer | None = None
        self._max_pdu = 0

    def answer(self, apdu: bytes) -> list[bytes]:
        """The APDUs that answer one; none where the meter keeps silent."""
        try:
            answers = self._answer(apdu)
        except NotDeciphered as error:
            if error.counter is not None and self.meter.keys.counter_error:
                answers = [COUNTER_ERROR + error.counter.to_bytes(4, "big")]
            else:
                answers = [DECIPHERING_ERROR]
        except NotAxdr:
            if "kill-unknown" in self.faults:
                raise Dropped from None
            answers = [UNKNOWN_SERVICE]
        if self.faults.closes:
            raise Dropped
        return [self.faults.spoil_apdu(each) for each in answers]

    def _answer(self, apdu: bytes) -> list[bytes]:
        tag = apdu[0] if apdu else 0
        if tag == acse.AARQ:
            return [self._associate(apdu)]
        if tag == acse.RLRQ:
            self.close()
            self.meter.held_by = None
            return [self._release_response()]
        if self._services is None or self.rule is None:
            return [NOT_ALLOWED]
        if tag == gbt.TAG and self._transfer is not None:
            whole, blocks = self._transfer.heard(apdu)
            return blocks if whole is None else self._served(whole)
        return self._served(apdu)

    def _served(self, apdu: bytes) -> list[bytes]:
        """The response to a whole request, protected as the request was, in blocks where it has to be."""
        assert self._services is not None and self.rule is not None  # noqa: S101, PT018 - _answer has looked
        protected = apdu[:1] and apdu[0] in security.CIPHERED
        if protected and "glo-only" in self.faults and apdu[0] in _OVERHEAD:
            return [UNKNOWN_SERVICE]
        opened = self._protection.open(apdu) if protected else None
        least = _LEAST[self.rule.ciphering]
        if (opened.control if opened else 0) & least != least and self._handshake is None:
            return [NOT_ALLOWED]
        overhead = _OVERHEAD.get(apdu[0], _OVERHEAD_SERVICE) if opened else 0
        # With general block transfer no service cuts its own response.
        self._services.max_pdu = 0 if self._transfer else max(self._max_pdu - overhead, 0)
        response = self.faults.spoil_plain(self._services.answer(opened.plain if opened else apdu))
        if "kill-unknown" in self.faults and response[:2] in (b"\xc4\x01", b"\xc7\x01") and response[3:] in _UNKNOWN:
            raise Dropped
        if self._after_proof is not None:
            self._services, self._after_proof, self._handshake = self._after_proof, None, None
        unasked = self._unasked(opened)
        if opened:
            response = opened.seal(response)
        if self._transfer is not None and self._max_pdu and len(response) > self._max_pdu:
            return [*unasked, *self._transfer.cut(response, self._max_pdu)]
        return [*unasked, response]

    def _unasked(self, opened: security.Opened | None) -> list[bytes]:
        """An event notification of the code of the fraud log: its time, class, name and attribute, and its value."""
        self.faults.requests += 1
        due = "event-notification" in self.faults and self.faults.requests == self.faults.number("event-notification")
        if not due or self.rule is None or self.rule.short_names:
            return []
        stamp = self.meter.clock.stamp(self.meter.clock.now())
        about = (1).to_bytes(2, "big") + _FRAUD_CODE + b"\x02"
        event = b"\xc2\x01\x0c" + stamp + about + encode(Data(UINT8, TERMINAL_COVER_REMOVED))
        if opened is None:
            return [event]
        return [(opened.notify or opened.seal)(event)]

    # Association

    def _associate(self, apdu: bytes) -> bytes:
        self.close()
        request = acse.parse_request(apdu)
        rule = self.meter.rules.get(self.client)
        refusal = self._refusal(request, rule)
        if refusal or rule is None:
            return self._refuse(request, *(refusal or (acse.REJECTED_PERMANENT, acse.NO_REASON)))
        self._protection.client_title = request.system_title
        control, plain = 0, request.initiate
        if plain[:1] and plain[0] in (security.GLO_INITIATE_REQUEST, security.GENERAL_GLO):
            control, plain = self._protection.open_initiate(plain)
        if control & _LEAST[rule.ciphering] != _LEAST[rule.ciphering]:
            return self._refuse(request, acse.REJECTED_PERMANENT, acse.NO_REASON)
        initiate = acse.parse_initiate(plain)
        self._protection.dedicated = initiate.dedicated_key
        agreed = initiate.conformance & acse.conformance(self.meter.conformance(rule))
        if "glo-only" in self.faults:
            agreed &= ~acse.conformance(frozenset({"general-protection"}))
        if "gbt-unasked" in self.faults:
            agreed |= acse.conformance(frozenset({"general-block-transfer"}))
        sizes = (initiate.max_pdu, self.meter.max_pdu)
        self._max_pdu = min((size for size in sizes if size), default=0)
        self._open(rule, request, agreed)
        information = acse.initiate_response(
            agreed, self.meter.max_pdu, short_names=rule.short_names and "vaa-0007" not in self.faults
        )
        if control:
            information = self._protection.seal_initiate(control, information)
        response = acse.Response(request.context, acse.ACCEPTED, acse.NO_DIAGNOSTIC, information)
        if "aare-bare" in self.faults:
            response = replace(response, user_information=b"")
        if "context-03" in self.faults and request.context == acse.LN:
            response = replace(response, context=acse.LN_CIPHERED)
        response = replace(response, protocol_version="protocol-version" in self.faults)
        if control or rule.mechanism >= hls.GMAC:
            response = replace(response, system_title=self.meter.system_title)
        if self._handshake is not None:
            challenge = self._handshake.server_challenge
            response = replace(
                response, diagnostic=acse.AUTHENTICATION_REQUIRED, mechanism=rule.mechanism, value=challenge
            )
            if "hls-bare" in self.faults:
                response = replace(response, diagnostic=acse.NO_DIAGNOSTIC, name_mechanism=False)
        self.meter.hold(self)
        return response.encode()

    def _refusal(self, request: acse.Request, rule: AssociationRule | None) -> tuple[int, int] | None:
        """Result and diagnostic, when the request is not to be granted."""
        if rule is None or "refuse-association" in self.faults:
            return acse.REJECTED_PERMANENT, acse.NO_REASON
        if "stale-association" in self.faults and self.meter.is_held(self, self.faults.seconds("stale-association")):
            return acse.REJECTED_TRANSIENT, acse.NO_REASON
        contexts = (acse.SN, acse.SN_CIPHERED) if rule.short_names else (acse.LN, acse.LN_CIPHERED)
        if request.context not in contexts:
            return acse.REJECTED_PERMANENT, acse.CONTEXT_UNSUPPORTED
        if request.mechanism is None and rule.mechanism:
            return acse.REJECTED_PERMANENT, acse.AUTHENTICATION_REQUIRED
        if (request.mechanism or 0) != rule.mechanism:
            return acse.REJECTED_PERMANENT, acse.MECHANISM_UNKNOWN
        if rule.mechanism == 1 and not hmac.compare_digest(request.value, rule.secret):
            return acse.REJECTED_PERMANENT, acse.AUTHENTICATION_FAILURE
        longest = 16 if "gmac-16" in self.faults else rule.longest_challenge
        if rule.mechanism > 1 and not 8 <= len(request.value) <= longest:
            return acse.REJECTED_PERMANENT, acse.AUTHENTICATION_FAILURE
        return None

    def _refuse(self, request: acse.Request, result: int, diagnostic: int) -> bytes:
        # initiate-error: confirmed service error of the initiate service, "other".
        return acse.Response(max(request.context, 1), result, diagnostic, bytes([0x0E, 1, 6, 0])).encode()

    def _open(self, rule: AssociationRule, request: acse.Request, agreed: int) -> None:
        self.rule = rule
        if "general-block-transfer" in acse.conformance_names(agreed):
            self._transfer = BlockTransfer(self.meter.block_window)
        kind = self._services_kind(rule)
        view = View(rule, self.meter.objects)
        view.add(self._association(view, request, agreed))
        self._services = kind(view, 0)
        if rule.mechanism > 1:
            self._handshake = Handshake(
                rule.mechanism,
                rule.secret,
                self.meter.keys,
                request.system_title,
                self.meter.system_title,
                request.value,
                self._random.randbytes(16),
                self.meter.keys.heard,
            )
            # Until the client has proved itself there is nothing but the association, and its method 1 (8 with short names).
            proving = View(rule, ())
            proving.add(self._association(proving, request, agreed))
            self._proved, self._services = self._services, kind(proving, 0)

    def _services_kind(self, rule: AssociationRule) -> Callable[[View, int], LnServices | SnServices]:
        if rule.short_names:
            return lambda view, size: SnServices(view, size, "sn-list-in-blocks" in self.faults)
        return lambda view, size: LnServices(view, size, "list-blocks-03" in self.faults)

    def _release_response(self) -> bytes:
        if "rlre-empty" in self.faults:
            return bytes([acse.RLRE, 0])
        response = acse.release_response()
        return bytes([acse.RLRE, 0x11]) + response[2:] if "rlre-wrong-length" in self.faults else response

    def _association(self, view: View, request: acse.Request, agreed: int) -> CosemObject:
        return association_object(
            view,
            agreed,
            self._max_pdu,
            self.meter.max_pdu,
            self.meter.logical_device,
            context=request.context,
            reply_to_hls=self._reply_to_hls,
        )

    def _reply_to_hls(self, parameter: Data | None) -> Data:
        """Passes 3 and 4."""
        if self._handshake is None or parameter is None or not isinstance(parameter.value, bytes):
            raise Refused(TYPE_UNMATCHED)
        if len(parameter.value) < 5 or not self._handshake.accepts(parameter.value):
            raise Refused(OTHER)
        self._after_proof = self._proved
        return octets(self._handshake.proof())
