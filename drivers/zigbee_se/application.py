"""bellows' controller as a Smart Energy coordinator: what zigpy drops is let through, what is not encrypted is not.

It is tied to zigpy 2.x: each override says which behaviour it replaces. zigpy's own objects do not leave ``application``,
``consumer``, ``stick``, ``stick_end``, ``traffic`` and ``network``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import bellows.types
import bellows.zigbee.application as stock
import zigpy.types as t
from zigpy.exceptions import NetworkNotFormed

from drivers.zigbee_se.key_establishment import CLUSTER as KEY_ESTABLISHMENT

SE_PROFILE = 0x0109
_HA_PROFILE = 0x0104
#: Our endpoint, and what it is: an energy services interface, or an in-home display (SE 1.4, table 6-1).
ENDPOINT, _ESI, _DISPLAY = 10, 0x0500, 0x0502

TIME, _COMMISSIONING, _OTA = 0x000A, 0x0015, 0x0019
#: Clusters of Smart Energy itself, on whatever profile they come.
_SE_CLUSTERS = frozenset(range(0x0700, 0x070C))
#: Clusters that need APS encryption under the link key (SE 1.4, table 5-12); key establishment goes under the network key.
ENCRYPTED = _SE_CLUSTERS | {TIME, _COMMISSIONING, _OTA}

#: What it serves and what it is a client of, in both roles.
_OF_ESI = ((0x0000, TIME, 0x0700, 0x0701, 0x0703, 0x0704, KEY_ESTABLISHMENT), (0x0702, 0x0705, KEY_ESTABLISHMENT))
_OF_CONSUMER = ((0x0000, KEY_ESTABLISHMENT), (TIME, 0x0700, 0x0702, 0x0703, 0x0705, KEY_ESTABLISHMENT))


class Arrived(NamedTuple):
    """A frame of a Smart Energy cluster. ``device`` is the sender's EUI64, high octet first."""

    device: bytes
    source: int
    destination: int
    cluster: int
    data: bytes
    encrypted: bool


def configuration(
    path: str, *, database: str | None, channel: int | None = None, consumer: bool = False
) -> dict[str, Any]:
    """The application's configuration for a stick at ``path``."""
    servers, clients = _OF_CONSUMER if consumer else _OF_ESI
    network = {"channel": channel} if channel else {}
    return {
        "device": {"path": path, "baudrate": 115200, "flow_control": None},
        "database_path": database,
        # A device that was let in is not forgotten for a power cut.
        "database_commit_interval": 0,
        "network": network,
        # One process owns the stick, and nothing goes over the internet.
        "ota": {"enabled": False},
        "topology_scan_enabled": False,
        "backup_enabled": False,
        "use_thread": False,
        # The supervisor of ``network`` sees a hung stick sooner.
        "watchdog_enabled": False,
        "additional_endpoints": [
            {
                "endpoint": ENDPOINT,
                "profile": SE_PROFILE,
                "device_type": _DISPLAY if consumer else _ESI,
                "device_version": 0,
                "input_clusters": list(servers),
                "output_clusters": list(clients),
            }
        ],
    }


class SeApplication(stock.ControllerApplication):  # type: ignore[misc]
    """One stick. ``arrived`` takes the frames of Smart Energy clusters; ``refused`` counts those that were not encrypted.

    ``form``: make a network where the stick has none.
    """

    #: What to do about a stick without a network.
    without_network = "metergate pan form makes one"

    def __init__(self, config: dict[str, Any], arrived: Callable[[Arrived], None], *, form: bool = False) -> None:
        super().__init__(config)
        self._arrived = arrived
        self._form = form
        self.refused: dict[bytes, int] = {}

    async def begin(self) -> None:
        """Take the network up, or form one. Raises NetworkNotFormed."""
        await self.startup(auto_form=self._form)

    def packet_received(self, packet: t.ZigbeePacket) -> None:
        """zigpy reads only the profiles of home automation, and nothing looks at the encryption of what arrives."""
        if packet.dst_ep and (packet.profile_id == SE_PROFILE or packet.cluster_id in _SE_CLUSTERS):
            encrypted = bool(packet.tx_options & t.TransmitOptions.APS_Encryption)
            sender = self._sender(packet)
            if self.must_be_encrypted(packet.cluster_id) and not encrypted:
                if sender is not None:
                    self.refused[sender] = self.refused.get(sender, 0) + 1
                return
            if sender is not None and packet.cluster_id in _SE_CLUSTERS | {TIME, KEY_ESTABLISHMENT}:
                data = bytes(packet.data.serialize())
                self._arrived(Arrived(sender, packet.src_ep or 0, packet.dst_ep, packet.cluster_id, data, encrypted))
                return
            packet = self.let_through(packet)
        super().packet_received(packet)

    def must_be_encrypted(self, cluster: int) -> bool:
        """The encryption gate."""
        return cluster in ENCRYPTED

    def let_through(self, packet: t.ZigbeePacket) -> t.ZigbeePacket:
        """The profile fix: zigpy 2.4 ignores frames of 0x0109, so that an interview ends at Basic (zigpy #1810)."""
        return packet.replace(profile_id=_HA_PROFILE) if packet.profile_id == SE_PROFILE else packet

    def get_endpoint_id(self, cluster_id: int, is_server_cluster: bool = False) -> int:
        """Bindings for reports point at our endpoint; zigpy's always at 1."""
        return ENDPOINT if cluster_id in ENCRYPTED else super().get_endpoint_id(cluster_id, is_server_cluster)

    async def start_network(self) -> None:
        """zigpy 2.4 starts a network that it forms on a channel of its own choice twice, and bellows 1.2 would then hand on
        every frame twice: a key established twice is a wrong one, and an event told twice a lie.
        """
        with contextlib.suppress(KeyError):
            self._ezsp.remove_callback(hash(self.ezsp_callback_handler))
        await super().start_network()

    def _sender(self, packet: t.ZigbeePacket) -> bytes | None:
        try:
            return eui64_bytes(self.get_device_with_address(packet.src).ieee)
        except KeyError:
            return None

    async def install_link_key(self, device: bytes, key: bytes) -> None:
        """Give the stick the link key with a device, in the place of the one before. Raises NetworkNotFormed when it
        does not take it.
        """
        address, data = bellows.types.EUI64(zigpy_eui64(device)), bellows.types.KeyData(key)
        if self._ezsp.ezsp_version < 13:
            response = await self._ezsp.addOrUpdateKeyTableEntry(address=address, linkKey=True, keyData=data)
        else:
            index = await self._key_index(address)
            response = await self._ezsp.importLinkKey(index=index, address=address, key=data)
        accepted(response[0], f"the link key of {device.hex()}")

    async def has_link_key(self, device: bytes) -> bool:
        (index,) = await self._ezsp.findKeyTableEntry(address=bellows.types.EUI64(zigpy_eui64(device)), linkKey=True)
        return bool(index != _NO_INDEX)

    async def _key_index(self, address: bellows.types.EUI64) -> int:
        """The place of a device's key in the table: where it is, or the first that is free."""
        (index,) = await self._ezsp.findKeyTableEntry(address=address, linkKey=True)
        if index != _NO_INDEX:
            return int(index)
        _, size = await self._ezsp.getConfigurationValue(configId=bellows.types.EzspConfigId.CONFIG_KEY_TABLE_SIZE)
        for free in range(size):
            response = await self._ezsp.exportLinkKeyByIndex(index=free)
            # The status stands last, and first from EZSP 14 on.
            status = response[0 if self._ezsp.ezsp_version >= 14 else -1]
            if bellows.types.sl_Status.from_ember_status(status) != bellows.types.sl_Status.OK:
                return free
        raise NetworkNotFormed(f"the stick's table of {size} link keys is full")

    async def still_there(self) -> None:
        """Ask the stick something that needs its firmware and no radio. Raises what bellows raises."""
        await self._ezsp.networkState()

    @property
    def ezsp(self) -> Any:
        """bellows' way to the firmware."""
        return self._ezsp

    @property
    def firmware(self) -> str:
        return f"EZSP {self._ezsp.ezsp_version}, {self.state.node_info.version or 'version not said'}"


#: findKeyTableEntry: not there.
_NO_INDEX = 0xFF


def accepted(status: Any, what: str) -> None:
    """Raises NetworkNotFormed unless a status of either width is OK."""
    if bellows.types.sl_Status.from_ember_status(status) != bellows.types.sl_Status.OK:
        raise NetworkNotFormed(f"the stick does not take {what}: {status!r}")


def eui64_bytes(ieee: t.EUI64) -> bytes:
    """High octet first, as it is printed."""
    return bytes(ieee.serialize())[::-1]


def zigpy_eui64(device: bytes) -> t.EUI64:
    return t.EUI64.deserialize(device[::-1])[0]
