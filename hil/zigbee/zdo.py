"""ZigBee device objects: what a node says about itself, and which of its endpoints match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hil.zigbee.aps import Message
from hil.zigbee.fields import Reader, Short, u8, u16

NWK_ADDRESS, IEEE_ADDRESS, NODE_DESCRIPTOR = 0x0000, 0x0001, 0x0002
SIMPLE_DESCRIPTOR, ACTIVE_ENDPOINTS, MATCH_DESCRIPTOR = 0x0004, 0x0005, 0x0006
DEVICE_ANNOUNCE, BIND, UNBIND = 0x0013, 0x0021, 0x0022
MANAGEMENT_LEAVE, MANAGEMENT_PERMIT_JOINING = 0x0034, 0x0036
_RESPONSE = 0x8000
_SUCCESS, _DEVICE_NOT_FOUND, _NOT_ACTIVE, _NOT_SUPPORTED = 0x00, 0x81, 0x83, 0x84
LOGICAL_COORDINATOR, LOGICAL_ROUTER = 0, 1
_BAND_2400_MHZ = 0x40
#: A full function device on mains whose receiver is always on, and that takes the address it is given.
CAPABILITIES = 0x8E
_MANUFACTURER = 0x1049  # Silicon Labs
_BUFFER, _TRANSFER = 82, 255
_STACK_REVISION_22 = 22 << 9
_PRIMARY_TRUST_CENTRE = 0x0001


@dataclass(frozen=True, slots=True)
class SimpleDescriptor:
    """One endpoint: its profile, what kind of device it is, its server (in) and client (out) clusters."""

    endpoint: int
    profile: int
    device: int
    inputs: Sequence[int]
    outputs: Sequence[int]

    def encoded(self) -> bytes:
        return (
            u8(self.endpoint)
            + u16(self.profile)
            + u16(self.device)
            + u8(0)
            + u8(len(self.inputs))
            + b"".join(map(u16, self.inputs))
            + u8(len(self.outputs))
            + b"".join(map(u16, self.outputs))
        )


@dataclass(slots=True)
class Node:
    """A node as its ZDO describes it. ``bindings`` are the (endpoint, cluster) pairs bound to the coordinator."""

    eui64: bytes
    node_id: int
    logical_type: int
    endpoints: dict[int, SimpleDescriptor] = field(default_factory=dict)
    bindings: set[tuple[int, int]] = field(default_factory=set)

    def answer(self, request: Message) -> Message | None:
        """The response to a ZDO request; None where none is due."""
        reader = Reader(request.data)
        try:
            sequence = reader.u8()
            body = self._body(request.cluster, reader)
        except Short:
            return None
        if body is None:
            return None
        return request.answer(u8(sequence) + body, cluster=request.cluster | _RESPONSE)

    def _body(self, cluster: int, reader: Reader) -> bytes | None:
        address = u16(self.node_id)
        if cluster & _RESPONSE or cluster == DEVICE_ANNOUNCE:
            return None
        if cluster == NWK_ADDRESS:
            return u8(_SUCCESS) + self.eui64 + address if reader.take(8) == self.eui64 else None
        if cluster == IEEE_ADDRESS:
            return u8(_SUCCESS) + self.eui64 + address
        if cluster == NODE_DESCRIPTOR:
            return u8(_SUCCESS) + address + self._node_descriptor()
        if cluster == ACTIVE_ENDPOINTS:
            return u8(_SUCCESS) + address + u8(len(self.endpoints)) + bytes(sorted(self.endpoints))
        if cluster == SIMPLE_DESCRIPTOR:
            reader.u16()
            descriptor = self.endpoints.get(reader.u8())
            if descriptor is None:
                return u8(_NOT_ACTIVE) + address + u8(0)
            encoded = descriptor.encoded()
            return u8(_SUCCESS) + address + u8(len(encoded)) + encoded
        if cluster == MATCH_DESCRIPTOR:
            reader.u16()
            profile = reader.u16()
            inputs = [reader.u16() for _ in range(reader.u8())]
            outputs = [reader.u16() for _ in range(reader.u8())]
            matching = self.matching(profile, inputs, outputs)
            return u8(_SUCCESS) + address + u8(len(matching)) + bytes(matching)
        if cluster in (BIND, UNBIND):
            reader.take(8)
            pair = reader.u8(), reader.u16()
            (self.bindings.add if cluster == BIND else self.bindings.discard)(pair)
            return u8(_SUCCESS)
        if cluster in (MANAGEMENT_PERMIT_JOINING, MANAGEMENT_LEAVE):
            return u8(_SUCCESS)
        return u8(_NOT_SUPPORTED)

    def matching(self, profile: int, inputs: Sequence[int], outputs: Sequence[int]) -> list[int]:
        """The endpoints of a profile with any of these clusters."""
        return [
            number
            for number, each in sorted(self.endpoints.items())
            if each.profile == profile and (set(each.inputs) & set(inputs) or set(each.outputs) & set(outputs))
        ]

    def _node_descriptor(self) -> bytes:
        server = _STACK_REVISION_22 | (_PRIMARY_TRUST_CENTRE if self.logical_type == LOGICAL_COORDINATOR else 0)
        return (
            u8(self.logical_type)
            + u8(_BAND_2400_MHZ)
            + u8(CAPABILITIES)
            + u16(_MANUFACTURER)
            + u8(_BUFFER)
            + u16(_TRANSFER)
            + u16(server)
            + u16(_TRANSFER)
            + u8(0)
        )


def announcement(sequence: int, node: Node) -> bytes:
    """The data of a Device_annce."""
    return u8(sequence) + u16(node.node_id) + node.eui64 + u8(CAPABILITIES)
