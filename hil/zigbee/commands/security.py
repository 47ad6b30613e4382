"""EZSP commands about keys. Version 13 replaced those of the older versions; the layouts changed again with 14."""

from __future__ import annotations

from hil.zigbee.commands.setup import KEY_TABLE_SIZE, configured
from hil.zigbee.dialect import Status
from hil.zigbee.fields import Reader, u8, u16, u32
from hil.zigbee.memory import NO_KEY, LinkKey
from hil.zigbee.ncp import Ncp, command

_TRUST_CENTRE_LINK_KEY, _NETWORK_KEY = 1, 3  # EmberKeyType
_MANAGED_NETWORK_KEY, _MANAGED_TRUST_CENTRE_KEY, _MANAGED_LINK_KEY = 1, 2, 4  # sl_zb_sec_man_key_type_t
#: EmberKeyStructBitmask.
_HAS_SEQUENCE, _HAS_OUTGOING, _HAS_INCOMING, _HAS_PARTNER = 0x01, 0x02, 0x04, 0x08
#: EmberInitialSecurityBitmask / EmberCurrentSecurityBitmask.
_GLOBAL_LINK_KEY, _HASHED_LINK_KEY, _HAVE_TRUST_CENTRE, _HAVE_LINK_KEY = 0x0004, 0x0084, 0x0040, 0x0010
_NOT_FOUND = 0xFF


@command(0x68)
def set_initial_security_state(ncp: Ncp, reader: Reader) -> bytes:
    memory = ncp.memory
    memory.security = reader.u16()
    memory.trust_centre_key, memory.network_key = reader.take(16), reader.take(16)
    memory.network_key_sequence = reader.u8()
    named = reader.take(8)
    memory.trust_centre = named if memory.security & _HAVE_TRUST_CENTRE else memory.eui64
    return ncp.status()


@command(0x69)
def get_current_security_state(ncp: Ncp, reader: Reader) -> bytes:
    if ncp.memory.network is None:
        return ncp.status(Status.NOT_JOINED) + u16(0) + bytes(8)
    bits = ncp.memory.security & (_GLOBAL_LINK_KEY | _HASHED_LINK_KEY) | _HAVE_LINK_KEY
    return ncp.status() + u16(bits) + ncp.memory.trust_centre


@command(0x6A, until=12)
def get_key(ncp: Ncp, reader: Reader) -> bytes:
    memory, kind = ncp.memory, reader.u8()
    if kind == _NETWORK_KEY:
        bits, key, counter = _HAS_SEQUENCE | _HAS_OUTGOING, memory.network_key, memory.network_counter
    elif kind == _TRUST_CENTRE_LINK_KEY:
        bits, key, counter = _HAS_OUTGOING | _HAS_PARTNER, memory.trust_centre_key, memory.trust_centre_counter
    else:
        return ncp.status(Status.FAIL) + bytes(36)
    return (
        ncp.status()
        + u16(bits)
        + u8(kind)
        + key
        + u32(counter)
        + u32(0)
        + u8(memory.network_key_sequence if kind == _NETWORK_KEY else 0)
        + (memory.trust_centre if kind == _TRUST_CENTRE_LINK_KEY else bytes(8))
    )


@command(0x71, until=12)
def get_key_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    index = reader.u8()
    if index >= configured(ncp, KEY_TABLE_SIZE):
        return ncp.status(Status.INDEX_OUT_OF_RANGE) + bytes(36)
    entry = ncp.memory.link_keys.get(index)
    if entry is None:
        return ncp.status(Status.TABLE_ENTRY_EMPTY) + bytes(36)
    bits = _HAS_OUTGOING | _HAS_INCOMING | _HAS_PARTNER
    counters = u32(entry.outgoing_counter) + u32(entry.incoming_counter)
    return ncp.status() + u16(bits) + u8(5) + entry.key + counters + u8(0) + entry.partner


@command(0x66, until=12)
def add_or_update_key_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    reader.u8()
    return ncp.status(store_link_key(ncp, None, partner, reader.take(16)))


@command(0x10E, since=12)
def import_link_key(ncp: Ncp, reader: Reader) -> bytes:
    index, partner = reader.u8(), reader.take(8)
    return ncp.dialect.security_status(store_link_key(ncp, index, partner, reader.take(16)))


def store_link_key(ncp: Ncp, index: int | None, partner: bytes, key: bytes) -> Status:
    """Keep a link key; without an index in the place of the partner's old one, or in the first that is free."""
    table, size = ncp.memory.link_keys, configured(ncp, KEY_TABLE_SIZE)
    places = [where for where, entry in table.items() if entry.partner == partner]
    free = [where for where in range(size) if where not in table]
    if index is None:
        index = (places + free + [size])[0]
    if index >= size:
        return Status.INDEX_OUT_OF_RANGE
    for place in places:
        del table[place]
    table[index] = LinkKey(partner, key)
    # A device has one link key: the one it joined with is over.
    ncp.transient_keys.pop(partner, None)
    return Status.OK


@command(0x75)
def find_key_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    return u8(next((index for index, entry in ncp.memory.link_keys.items() if entry.partner == partner), _NOT_FOUND))


@command(0x76)
def erase_key_table_entry(ncp: Ncp, reader: Reader) -> bytes:
    found = ncp.memory.link_keys.pop(reader.u8(), None)
    return ncp.status(Status.TABLE_ENTRY_EMPTY if found is None else Status.OK)


@command(0xB1)
def clear_key_table(ncp: Ncp, reader: Reader) -> bytes:
    ncp.memory.link_keys.clear()
    return ncp.status()


@command(0xAF, until=12)
def add_transient_link_key(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    ncp.transient_keys[partner] = reader.take(16)
    return ncp.status()


@command(0x111, since=12)
def import_transient_key(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    ncp.transient_keys[partner] = reader.take(16)
    return ncp.dialect.security_status(Status.OK)


@command(0x6B)
def clear_transient_link_keys(ncp: Ncp, reader: Reader) -> bytes:
    ncp.transient_keys.clear()
    return b""


@command(0x114, since=12)
def export_key(ncp: Ncp, reader: Reader) -> bytes:
    context = reader.data
    kind, index = reader.u8(), reader.u8()
    entry = ncp.memory.link_keys.get(index)
    key = {
        _MANAGED_NETWORK_KEY: ncp.memory.network_key,
        _MANAGED_TRUST_CENTRE_KEY: ncp.memory.trust_centre_key,
        _MANAGED_LINK_KEY: entry.key if entry else NO_KEY,
    }.get(kind, NO_KEY)
    status = ncp.dialect.security_status(Status.FAIL if key == NO_KEY else Status.OK)
    return status + key + context if ncp.dialect.wide else key + status


@command(0x116, since=13)
def get_network_key_info(ncp: Ncp, reader: Reader) -> bytes:
    memory = ncp.memory
    return (
        ncp.dialect.security_status(Status.OK)
        + u8(memory.network_key != NO_KEY)
        + u8(0)
        + u8(memory.network_key_sequence)
        + u8(0)
        + u32(memory.network_counter)
    )


@command(0x10F, since=12)
def export_link_key_by_index(ncp: Ncp, reader: Reader) -> bytes:
    index = reader.u8()
    return _exported(ncp, index, ncp.memory.link_keys.get(index))


@command(0x10D, since=12)
def export_link_key_by_eui(ncp: Ncp, reader: Reader) -> bytes:
    partner = reader.take(8)
    index = next((index for index, entry in ncp.memory.link_keys.items() if entry.partner == partner), _NOT_FOUND)
    entry = ncp.memory.link_keys.get(index)
    if ncp.dialect.wide:
        return _exported(ncp, index, entry)
    key, metadata, status = _parts(ncp, entry)
    return key + u8(index) + metadata + status


def _exported(ncp: Ncp, index: int, entry: LinkKey | None) -> bytes:
    key, metadata, status = _parts(ncp, entry)
    partner = entry.partner if entry else bytes(8)
    if not ncp.dialect.wide:
        return partner + key + metadata + status
    context = u8(_MANAGED_LINK_KEY) + u8(index) + u16(0) + partner + u8(0) + u8(0) + u32(0)
    return status + context + key + metadata


def _parts(ncp: Ncp, entry: LinkKey | None) -> tuple[bytes, bytes, bytes]:
    bits = _HAS_OUTGOING | _HAS_INCOMING | _HAS_PARTNER if entry else 0
    counters = (entry.outgoing_counter, entry.incoming_counter) if entry else (0, 0)
    metadata = u16(bits) + u32(counters[0]) + u32(counters[1]) + u16(0)
    status = ncp.dialect.security_status(Status.OK if entry else Status.TABLE_ENTRY_EMPTY)
    return entry.key if entry else NO_KEY, metadata, status
