"""EZSP commands about the network: form it, resume it, join or leave one, open it, and who is in it."""

from __future__ import annotations

from hil.zigbee.commands.setup import ADDRESS_TABLE_SIZE, configured
from hil.zigbee.dialect import Status
from hil.zigbee.fields import Reader, u8, u16, u32
from hil.zigbee.memory import ROUTER, read_network
from hil.zigbee.ncp import Ncp, command

_ENERGY_SCAN_RESULT, _NETWORK_FOUND, _SCAN_COMPLETE = 0x48, 0x1B, 0x1C
_ENERGY_SCAN, _ZIGBEE_PRO = 0, 2
_JOINED, _NO_NETWORK = 2, 0
_UNKNOWN_NODE_TYPE = 0xFF
_QUIET_DBM = 0xA5
NOBODY = 0xFFFF
#: Seconds until the network is up or down after the command that asked for it.
_SETTLE_S = 0.01


@command(0x17)
def network_init(ncp: Ncp, reader: Reader) -> bytes:
    if ncp.memory.network is None:
        return ncp.status(Status.NOT_JOINED)
    _settle(ncp, Status.NETWORK_UP)
    return ncp.status()


@command(0x18)
def network_state(ncp: Ncp, reader: Reader) -> bytes:
    return u8(_JOINED if ncp.up else _NO_NETWORK)


@command(0x1E)
def form_network(ncp: Ncp, reader: Reader) -> bytes:
    if ncp.up:
        return ncp.status(Status.INVALID_CALL)
    ncp.memory.network = read_network(reader)
    _settle(ncp, Status.NETWORK_UP)
    return ncp.status()


@command(0x1F)
def join_network(ncp: Ncp, reader: Reader) -> bytes:
    node_type = reader.u8()
    network = read_network(reader)
    if ncp.up or node_type != ROUTER:
        return ncp.status(Status.INVALID_CALL)
    _settle(ncp, Status.NETWORK_UP if ncp.pan.admit_stick(network) else Status.JOIN_FAILED)
    return ncp.status()


@command(0x20)
def leave_network(ncp: Ncp, reader: Reader) -> bytes:
    if not ncp.up:
        return ncp.status(Status.INVALID_CALL)
    ncp.memory.network = None
    _settle(ncp, Status.NETWORK_DOWN)
    return ncp.status()


def _settle(ncp: Ncp, status: Status) -> None:
    ncp.pan.timeline.after(_SETTLE_S, lambda: ncp.stack_status(status))


@command(0x28)
def get_network_parameters(ncp: Ncp, reader: Reader) -> bytes:
    network = ncp.memory.network
    if network is None:
        return ncp.status(Status.NOT_JOINED) + u8(_UNKNOWN_NODE_TYPE) + bytes(20)
    return ncp.status() + u8(network.node_type) + network.parameters()


@command(0x27)
def get_node_id(ncp: Ncp, reader: Reader) -> bytes:
    return u16(ncp.memory.network.node_id if ncp.memory.network and ncp.up else NOBODY - 1)


@command(0x26)
def get_eui64(ncp: Ncp, reader: Reader) -> bytes:
    return ncp.memory.eui64


@command(0x1A)
def start_scan(ncp: Ncp, reader: Reader) -> bytes:
    kind, channels = reader.u8(), reader.u32()

    def done() -> None:
        if kind == _ENERGY_SCAN:
            for channel in range(11, 27):
                if channels >> channel & 1:
                    ncp.callback(_ENERGY_SCAN_RESULT, bytes((channel, _QUIET_DBM)))
        elif (other := ncp.pan.utility) is not None and channels >> other.channel & 1:
            found = u8(other.channel) + u16(other.pan_id) + other.extended_pan_id
            ncp.callback(_NETWORK_FOUND, found + bytes((1, _ZIGBEE_PRO, other.update_id, 255, 0xD0)))
        ncp.callback(_SCAN_COMPLETE, u8(0) + ncp.status())

    ncp.pan.timeline.after(_SETTLE_S, done)
    return ncp.status()


@command(0x1D)
def stop_scan(ncp: Ncp, reader: Reader) -> bytes:
    return ncp.status()


@command(0x22)
def permit_joining(ncp: Ncp, reader: Reader) -> bytes:
    if not ncp.up:
        return ncp.status(Status.INVALID_CALL)
    ncp.pan.open_door(reader.u8())
    return ncp.status()


@command(0xA8)
def remove_device(ncp: Ncp, reader: Reader) -> bytes:
    reader.u16()
    reader.take(8)
    device = ncp.pan.by_eui64(reader.take(8))
    if device is not None and device.joined:
        ncp.pan.timeline.after(_SETTLE_S, lambda: ncp.pan.leave(device))
    return ncp.status()


@command(0x60)
def lookup_node_id_by_eui64(ncp: Ncp, reader: Reader) -> bytes:
    eui64 = reader.take(8)
    device = ncp.pan.by_eui64(eui64)
    node_id = device.node_id if device is not None and device.joined else NOBODY
    node_id = next((known for partner, known in ncp.addresses.values() if partner == eui64), node_id)
    if not ncp.dialect.wide:
        return u16(node_id)
    return ncp.status(Status.FAIL if node_id == NOBODY else Status.OK) + u16(node_id)


@command(0x61)
def lookup_eui64_by_node_id(ncp: Ncp, reader: Reader) -> bytes:
    device = ncp.pan.by_node_id(reader.u16())
    if device is None:
        return ncp.status(Status.FAIL) + bytes(8)
    return ncp.status() + device.eui64


@command(0x7F)
def get_extended_timeout(ncp: Ncp, reader: Reader) -> bytes:
    slow = reader.take(8) in ncp.slow
    return ncp.status(Status.OK if slow else Status.FAIL) if ncp.dialect.wide else u8(slow)


@command(0x7E)
def set_extended_timeout(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    (ncp.slow.add if reader.u8() else ncp.slow.discard)(partner)
    return ncp.status() if ncp.dialect.wide else b""


@command(0x82)
def replace_address_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    index, partner, node_id, slow = reader.u8(), reader.take(8), reader.u16(), reader.u8()
    if index >= configured(ncp, ADDRESS_TABLE_SIZE):
        return ncp.status(Status.INDEX_OUT_OF_RANGE) + bytes(8) + u16(NOBODY) + u8(0)
    old, old_id = ncp.addresses.get(index, (bytes(8), NOBODY))
    answer = ncp.status() + old + u16(old_id) + u8(old in ncp.slow)
    ncp.addresses[index] = partner, node_id
    (ncp.slow.add if slow else ncp.slow.discard)(partner)
    return answer


@command(0x5E)
def get_address_table_remote_eui64_or_info(ncp: Ncp, reader: Reader) -> bytes:
    """getAddressTableRemoteEui64; from version 14 on the same frame id is getAddressTableInfo."""
    partner, node_id = ncp.addresses.get(reader.u8(), (bytes(8), NOBODY))
    if not ncp.dialect.wide:
        return partner
    return ncp.status(Status.FAIL if node_id == NOBODY else Status.OK) + u16(node_id) + partner


@command(0x5F, until=13)
def get_address_table_remote_node_id(ncp: Ncp, reader: Reader) -> bytes:
    return u16(ncp.addresses.get(reader.u8(), (bytes(8), NOBODY))[1])


@command(0x4A)
def get_child_data(ncp: Ncp, reader: Reader) -> bytes:
    """The devices of this network are routers: nobody sleeps behind the stick."""
    tail = b"" if ncp.dialect.version < 10 else u32(0)
    return ncp.status(Status.NOT_JOINED) + bytes(14) + tail


@command(0x41)
@command(0xAE)
def routes_need_no_help(ncp: Ncp, reader: Reader) -> bytes:
    """sendManyToOneRouteRequest, setSourceRoute."""
    return ncp.status()
