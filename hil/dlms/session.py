"""One client's session with the meter: association, services, release. APDUs in, APDUs out; no link, no clock."""

from __future__ import annotations

import hmac

from hil.dlms import acse
from hil.dlms.association import association_object
from hil.dlms.axdr import NotAxdr
from hil.dlms.faults import DlmsFaults
from hil.dlms.ln_services import ACTION, GET, SET, LnServices
from hil.dlms.meter import Meter
from hil.dlms.view import AssociationRule, View

#: exception-response: state error 1 is "service not allowed", 2 "service unknown"; service error 2 "operation not possible".
NOT_ALLOWED = bytes([0xD8, 1, 1])
UNKNOWN_SERVICE = bytes([0xD8, 2, 2])

#: What logical name associations of this meter can do.
LN_CONFORMANCE = frozenset(
    {
        "priority-mgmt",
        "block-transfer-with-get-or-read",
        "block-transfer-with-set-or-write",
        "block-transfer-with-action",
        "multiple-references",
        "get",
        "set",
        "selective-access",
        "action",
    }
)


class Session:
    """The state between one client SAP and the meter."""

    def __init__(self, meter: Meter, client: int, faults: DlmsFaults) -> None:
        self.meter = meter
        self.client = client
        self.faults = faults
        self.services: LnServices | None = None
        self.rule: AssociationRule | None = None
        self.context = b""

    def answer(self, apdu: bytes) -> bytes | None:
        """The response to one APDU, None where there is none."""
        try:
            return self._answer(apdu)
        except NotAxdr:
            return UNKNOWN_SERVICE

    def close(self) -> None:
        """The link is down: the association is gone with it."""
        self.services = self.rule = None

    def _answer(self, apdu: bytes) -> bytes | None:
        tag = apdu[0] if apdu else 0
        if tag == acse.AARQ:
            return self._associate(apdu)
        if tag == acse.RLRQ:
            return self._release()
        if self.services is None:
            return NOT_ALLOWED
        if tag in (GET, SET, ACTION):
            return self.services.answer(apdu)
        return UNKNOWN_SERVICE

    # Association

    def _associate(self, apdu: bytes) -> bytes:
        self.close()
        request = acse.parse_request(apdu)
        rule = self.meter.rules.get(self.client)
        refusal = self._refusal(request, rule)
        if refusal or rule is None:
            return self._refuse(request, *(refusal or (acse.REJECTED_PERMANENT, acse.NO_REASON)))
        initiate = acse.parse_initiate(request.initiate)
        agreed = initiate.conformance & acse.conformance(LN_CONFORMANCE)
        max_pdu = min(filter(None, (initiate.max_pdu, self.meter.max_pdu)), default=0)
        self._open(rule, agreed, max_pdu)
        information = acse.initiate_response(agreed, self.meter.max_pdu, short_names=rule.short_names)
        return acse.Response(request.context, acse.ACCEPTED, acse.NO_DIAGNOSTIC, information).encode()

    def _refusal(self, request: acse.Request, rule: AssociationRule | None) -> tuple[int, int] | None:
        """Result and diagnostic, when the request is not to be granted."""
        if rule is None:
            return acse.REJECTED_PERMANENT, acse.NO_REASON
        if request.context != acse.LN:
            return acse.REJECTED_PERMANENT, acse.CONTEXT_UNSUPPORTED
        if request.mechanism is None and rule.mechanism:
            return acse.REJECTED_PERMANENT, acse.AUTHENTICATION_REQUIRED
        if (request.mechanism or 0) != rule.mechanism:
            return acse.REJECTED_PERMANENT, acse.MECHANISM_UNKNOWN
        if rule.mechanism == 1 and not hmac.compare_digest(request.value, rule.secret):
            return acse.REJECTED_PERMANENT, acse.AUTHENTICATION_FAILURE
        return None

    def _refuse(self, request: acse.Request, result: int, diagnostic: int) -> bytes:
        # initiate-error: confirmed service error of the initiate service, "other".
        return acse.Response(max(request.context, 1), result, diagnostic, bytes([0x0E, 1, 6, 0])).encode()

    def _open(self, rule: AssociationRule, agreed: int, max_pdu: int) -> None:
        view = View(rule, self.meter.objects)
        view.add(association_object(view, agreed, max_pdu, self.meter.max_pdu, self.meter.logical_device))
        self.rule = rule
        self.services = LnServices(view, max_pdu)

    def _release(self) -> bytes:
        self.close()
        return acse.release_response()
