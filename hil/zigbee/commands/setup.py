"""EZSP commands about the stick itself: configuration, values, policies, tokens, endpoints, tables, counters."""

from __future__ import annotations

from hil.zigbee.dialect import Status
from hil.zigbee.fields import Reader, counted, u8, u16, u32
from hil.zigbee.ncp import Ncp, command

#: EzspConfigId -> what the firmware was built with.
_CONFIGURATION = {
    0x01: 75,  # packet buffers
    0x02: 16,  # neighbour table
    0x03: 10,  # unicasts at a time
    0x04: 0,  # binding table
    0x05: 8,  # address table
    0x06: 8,  # multicast table
    0x07: 16,  # route table
    0x08: 8,  # discovery table
    0x0C: 2,  # stack profile: ZigBee PRO
    0x0D: 5,  # security level
    0x10: 30,  # hops
    0x11: 6,  # children
    0x12: 3000,  # indirect transmission timeout, ms
    0x13: 5,  # end device poll timeout
    0x19: 0,  # trust centre address cache
    0x1A: 7,  # source route table
    0x1C: 0,  # fragment window
    0x1E: 12,  # link key table
    0x1F: 1600,  # APS acknowledgement timeout, ms
    0x2A: 0,  # application ZDO flags
    0x2B: 15,  # broadcast table
    0x2D: 1,  # networks
    0x36: 300,  # transient key timeout, s
    0x37: 2,
    0x38: 10,
}
ADDRESS_TABLE_SIZE, KEY_TABLE_SIZE, _MULTICAST_TABLE_SIZE = 0x05, 0x1E, 0x06
_VALUE_FREE_BUFFERS, _VALUE_VERSION_INFO = 0x03, 0x11
NETWORK_COUNTER, APS_COUNTER = 0x23, 0x24
_FREE_BUFFERS = 200
_TOKEN_LENGTHS = {0x00: 2, 0x01: 16, 0x02: 16, 0x03: 2, 0x0C: 8, 0x09: 92}
_TOKENS = {0x01: b"metergate bench\0", 0x02: b"emulated stick\0\0"}
_COUNTERS = 40


def configured(ncp: Ncp, name: int) -> int:
    """The value of a configuration id."""
    return ncp.configuration.get(name, _CONFIGURATION.get(name, 0))


@command(0x05)
def nop(ncp: Ncp, reader: Reader) -> bytes:
    return b""


@command(0x81)
def echo(ncp: Ncp, reader: Reader) -> bytes:
    return counted(reader.counted())


@command(0x52)
def get_configuration_value(ncp: Ncp, reader: Reader) -> bytes:
    name = reader.u8()
    known = name in _CONFIGURATION or name in ncp.configuration
    return ncp.status(Status.OK if known else Status.INVALID_ID) + u16(configured(ncp, name))


@command(0x53)
def set_configuration_value(ncp: Ncp, reader: Reader) -> bytes:
    name = reader.u8()
    ncp.configuration[name] = reader.u16()
    return ncp.status()


@command(0xAA)
def get_value(ncp: Ncp, reader: Reader) -> bytes:
    name = reader.u8()
    if name == _VALUE_FREE_BUFFERS:
        value = u8(_FREE_BUFFERS)
    elif name == _VALUE_VERSION_INFO:
        major, minor, patch, special, build = ncp.release
        value = u16(build) + bytes((major, minor, patch, special, 0))
    elif name == NETWORK_COUNTER:
        value = u32(ncp.memory.network_counter)
    elif name == APS_COUNTER:
        value = u32(ncp.memory.trust_centre_counter)
    else:
        value = ncp.values.get(name, u8(0))
    return ncp.status() + counted(value)


@command(0xAB)
def set_value(ncp: Ncp, reader: Reader) -> bytes:
    name, value = reader.u8(), reader.counted()
    if name == NETWORK_COUNTER:
        ncp.memory.network_counter = int.from_bytes(value, "little")
    elif name == APS_COUNTER:
        ncp.memory.trust_centre_counter = int.from_bytes(value, "little")
    else:
        ncp.values[name] = value
    return ncp.status()


@command(0x55)
def set_policy(ncp: Ncp, reader: Reader) -> bytes:
    name = reader.u8()
    ncp.policies[name] = int.from_bytes(reader.data, "little")
    return ncp.status()


@command(0x56)
def get_policy(ncp: Ncp, reader: Reader) -> bytes:
    return ncp.status() + u8(ncp.policies.get(reader.u8(), 0))


@command(0x02)
def add_endpoint(ncp: Ncp, reader: Reader) -> bytes:
    endpoint, profile, device = reader.u8(), reader.u16(), reader.u16()
    reader.u8()  # device version
    inputs, outputs = reader.u8(), reader.u8()
    if ncp.up:
        return ncp.status(Status.INVALID_CALL)
    ncp.endpoints[endpoint] = (
        profile,
        device,
        [reader.u16() for _ in range(inputs)],
        [reader.u16() for _ in range(outputs)],
    )
    return ncp.status()


@command(0x0B)
def get_mfg_token(ncp: Ncp, reader: Reader) -> bytes:
    name = reader.u8()
    return counted(_TOKENS.get(name, b"\xff" * _TOKEN_LENGTHS.get(name, 0)))


@command(0x102, since=9)
def get_token_data(ncp: Ncp, reader: Reader) -> bytes:
    value = ncp.memory.tokens.get((reader.u32(), reader.u32()))
    found = Status.FAIL if value is None else Status.OK
    return ncp.status(found) + u32(len(value or b"")) + (value or b"")


@command(0x103, since=9)
def set_token_data(ncp: Ncp, reader: Reader) -> bytes:
    where = reader.u32(), reader.u32()
    ncp.memory.write_token(where, reader.take(reader.u32()))
    return ncp.status()


@command(0x77, since=13)
def token_factory_reset(ncp: Ncp, reader: Reader) -> bytes:
    ncp.memory.forget()
    return b""


@command(0xE2)
def gp_sink_table_clear_all(ncp: Ncp, reader: Reader) -> bytes:
    return b""


@command(0xF1)
@command(0x65)
def read_counters(ncp: Ncp, reader: Reader) -> bytes:
    return bytes(2 * _COUNTERS)


@command(0x63)
def get_multicast_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    index = reader.u8()
    within = index < configured(ncp, _MULTICAST_TABLE_SIZE)
    return ncp.status(Status.OK if within else Status.INDEX_OUT_OF_RANGE) + ncp.multicast.get(index, bytes(4))


@command(0x64)
def set_multicast_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    index = reader.u8()
    ncp.multicast[index] = reader.take(4)
    return ncp.status()


@command(0x10)
def set_concentrator(ncp: Ncp, reader: Reader) -> bytes:
    return ncp.status()


@command(0x5A)
def set_source_route_discovery_mode(ncp: Ncp, reader: Reader) -> bytes:
    return u32(0)


@command(0x99)
def set_radio_power(ncp: Ncp, reader: Reader) -> bytes:
    power = reader.u8()
    if ncp.memory.network is not None:
        ncp.memory.network.power = power
    return ncp.status()


@command(0x15)
def set_manufacturer_code(ncp: Ncp, reader: Reader) -> bytes:
    return ncp.status() if ncp.dialect.wide else b""
