"""What goes between the stick and a device: an application support sublayer (APS) frame, as EZSP describes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hil.zigbee.fields import Reader, u8, u16

OPTION_ENCRYPTION, OPTION_RETRY, OPTION_ENABLE_ROUTE_DISCOVERY, OPTION_FRAGMENT = 0x0020, 0x0040, 0x0100, 0x8000

#: What fits an APS frame without fragments, with routes and network security as the stack leaves room for them.
LONGEST_PAYLOAD = 82
#: Octets that the APS security header and its check value take of them.
_APS_SECURITY = 9

#: Short address of the coordinator, and the broadcast addresses from this on.
COORDINATOR, BROADCASTS = 0x0000, 0xFFF8
PROFILE_ZDO, PROFILE_SMART_ENERGY = 0x0000, 0x0109


@dataclass(frozen=True, slots=True)
class Message:
    """One APS frame. ``group`` carries count and index of a fragment too, as EZSP has it."""

    profile: int
    cluster: int
    source_endpoint: int
    destination_endpoint: int
    data: bytes
    options: int = OPTION_RETRY | OPTION_ENABLE_ROUTE_DISCOVERY
    group: int = 0
    sequence: int = 0

    @property
    def encrypted(self) -> bool:
        """Whether it is under a link key, not only under the network key."""
        return bool(self.options & OPTION_ENCRYPTION)

    def answer(self, data: bytes, *, cluster: int | None = None) -> Message:
        """A message back to where this one came from, as secure as it was."""
        return Message(
            profile=self.profile,
            cluster=self.cluster if cluster is None else cluster,
            source_endpoint=self.destination_endpoint,
            destination_endpoint=self.source_endpoint,
            data=data,
            options=OPTION_RETRY | OPTION_ENABLE_ROUTE_DISCOVERY | self.options & OPTION_ENCRYPTION,
        )

    def header(self) -> bytes:
        """The EmberApsFrame of EZSP."""
        return (
            u16(self.profile)
            + u16(self.cluster)
            + u8(self.source_endpoint)
            + u8(self.destination_endpoint)
            + u16(self.options)
            + u16(self.group)
            + u8(self.sequence)
        )

    @property
    def room(self) -> int:
        """The octets that one frame of this kind holds."""
        return LONGEST_PAYLOAD - (_APS_SECURITY if self.encrypted else 0)

    def fragments(self) -> list[Message]:
        """This message in frames that fit: ``group`` has the index of each, and of the first their number above it."""
        pieces = [self.data[start : start + self.room] for start in range(0, len(self.data), self.room)]
        if len(pieces) < 2:
            return [self]
        return [
            replace(
                self,
                data=piece,
                options=self.options | OPTION_FRAGMENT,
                group=index | (len(pieces) << 8 if index == 0 else 0),
            )
            for index, piece in enumerate(pieces)
        ]

    def numbered(self, sequence: int) -> Message:
        return replace(self, sequence=sequence)


def read_message(reader: Reader) -> Message:
    """An EmberApsFrame of EZSP; its data are read by the caller."""
    profile, cluster = reader.u16(), reader.u16()
    source, destination = reader.u8(), reader.u8()
    options, group, sequence = reader.u16(), reader.u16(), reader.u8()
    return Message(profile, cluster, source, destination, b"", options, group, sequence)
