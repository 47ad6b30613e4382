"""The association objects: of logical name referencing (class 15, versions 0 to 3) and of short names (class 12)."""

from __future__ import annotations

from hil.dlms.axdr import BIT_STRING, ENUM, INT8, OCTETS, UINT8, UINT16, Data, array, octets, structure
from hil.dlms.cosem_object import Attribute, CosemObject, Method, computed, fixed
from hil.dlms.obis import logical_name
from hil.dlms.view import CURRENT_ASSOCIATION, View

_OID = bytes.fromhex("6085740508")
_ASSOCIATED = 2
#: Where the association is found before anything is known (IEC 62056-5-3, reserved base names).
_BASE_NAME = 0xFA00


def association_object(
    view: View,
    agreed: int,
    max_send: int,
    max_receive: int,
    server: int,
    *,
    context: int = 1,
    reply_to_hls: Method,
) -> CosemObject:
    """The current association; its class is that of the referencing."""
    rule = view.rule
    if rule.short_names:
        return _short_names(view, reply_to_hls)
    information = structure(
        Data(BIT_STRING, f"{agreed:024b}"),
        Data(UINT16, max_receive),
        Data(UINT16, max_send),
        Data(UINT8, 6),
        Data(INT8, 0),
        octets(b""),
    )
    attributes: dict[int, Attribute] = {
        2: computed(view.object_list),
        3: fixed(structure(Data(INT8, rule.client), Data(UINT16, server))),
        4: fixed(Data(OCTETS, _OID + bytes([1, context]))),
        5: fixed(information),
        6: fixed(Data(OCTETS, _OID + bytes([2, rule.mechanism]))),
        # The secret may be replaced, never read.
        7: Attribute(None, None),
        8: fixed(Data(ENUM, _ASSOCIATED)),
    }
    if rule.version >= 1:
        attributes[9] = fixed(octets(logical_name("0-0:43.0.0*255")))
    if rule.version >= 2:
        attributes[10] = fixed(array(()))
        attributes[11] = fixed(structure(Data(UINT8, 0), Data(10, "")))
    return CosemObject(15, rule.version, CURRENT_ASSOCIATION, attributes, {1: reply_to_hls})


def _short_names(view: View, reply_to_hls: Method) -> CosemObject:
    attributes = {2: computed(view.short_object_list)}
    return CosemObject(12, 1, CURRENT_ASSOCIATION, attributes, {8: reply_to_hls}, base_name=_BASE_NAME)
