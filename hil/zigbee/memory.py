"""What an EZSP stick remembers without power: its network, its keys, its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from hil.zigbee.fields import Reader, u8, u16, u32

COORDINATOR, ROUTER = 1, 2
#: Any partner: a transient key under this EUI-64 is for every device that joins.
WILDCARD = b"\xff" * 8
NO_KEY = bytes(16)
#: The token that holds the trust centre: mode, its EUI-64, the link key with it.
TRUST_CENTRE_TOKEN = (0x1E124, 0)


@dataclass(slots=True)
class Network:
    """The EmberNetworkParameters of EZSP, and what kind of node the stick is in it."""

    extended_pan_id: bytes
    pan_id: int
    power: int
    channel: int
    join_method: int = 0
    manager: int = 0
    update_id: int = 0
    channels: int = 0x07FFF800
    node_type: int = COORDINATOR
    node_id: int = 0x0000

    def parameters(self) -> bytes:
        return (
            self.extended_pan_id
            + u16(self.pan_id)
            + u8(self.power)
            + u8(self.channel)
            + u8(self.join_method)
            + u16(self.manager)
            + u8(self.update_id)
            + u32(self.channels)
        )


def read_network(reader: Reader) -> Network:
    return Network(
        extended_pan_id=reader.take(8),
        pan_id=reader.u16(),
        power=reader.u8(),
        channel=reader.u8(),
        join_method=reader.u8(),
        manager=reader.u16(),
        update_id=reader.u8(),
        channels=reader.u32(),
    )


@dataclass(slots=True)
class LinkKey:
    """One entry of the key table."""

    partner: bytes
    key: bytes
    outgoing_counter: int = 0
    incoming_counter: int = 0


@dataclass(slots=True)
class Memory:
    """One stick's flash. ``security`` is the EmberInitialSecurityBitmask the network was formed with."""

    eui64: bytes
    network: Network | None = None
    security: int = 0
    network_key: bytes = NO_KEY
    network_key_sequence: int = 0
    network_counter: int = 0
    trust_centre_key: bytes = NO_KEY
    trust_centre: bytes = bytes(8)
    trust_centre_counter: int = 0
    link_keys: dict[int, LinkKey] = field(default_factory=dict)
    tokens: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def link_key(self, partner: bytes) -> LinkKey | None:
        return next((entry for entry in self.link_keys.values() if entry.partner == partner), None)

    def write_token(self, where: tuple[int, int], value: bytes) -> None:
        """Write a token, as a host may. The stack believes what the one of the trust centre says."""
        self.tokens[where] = value
        if where == TRUST_CENTRE_TOKEN:
            self.trust_centre = value[2:10]

    def forget(self) -> None:
        """What a factory reset leaves: nothing but the stick's own address."""
        fresh = Memory(self.eui64)
        for name in ("network", "security", "network_key", "network_key_sequence", "network_counter"):
            setattr(self, name, getattr(fresh, name))
        self.trust_centre_key, self.trust_centre, self.trust_centre_counter = NO_KEY, bytes(8), 0
        self.link_keys.clear()
        self.tokens.clear()
