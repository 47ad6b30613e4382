"""A stick and its devices from a file of ``hil/profiles/zigbee-stick``.

[stick]
eui64 = "00124b00deadbe01"

[[device]]
name = "meter"
eui64 = "0022a30000000101"
node_id = 0x1A01
install_code = "83FED3407A93"       # without its CRC; none: the well-known key
suite = 1                           # of key establishment; none: it takes the key it joined with

[[device.endpoint]]
number = 1
device_type = 0x0501
metering = { counts = true, days = 30 }
display = { confirms_after = 0.5 }
load_control = { classes = 0x0008, opts_out = true }
attributes."0x0702" = { "0x0000" = ["u48", 123456] }        # servers' attributes, as [type, value]; a third
                                                            # element "unreportable" refuses reporting
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hil.zigbee.cbke import SUITES
from hil.zigbee.certificates import issue
from hil.zigbee.device import BASIC, METERING, Cluster, Endpoint, PlainCluster, SmartEnergyDevice
from hil.zigbee.dialect import Dialect
from hil.zigbee.display import MessageDisplay, PriceDisplay
from hil.zigbee.fields import eui64
from hil.zigbee.key_establishment import KeyEstablishment
from hil.zigbee.load_control import LoadControl
from hil.zigbee.memory import ROUTER, LinkKey, Memory, Network
from hil.zigbee.metering import Metering
from hil.zigbee.mmo import installation_key, mmo
from hil.zigbee.ncp import Ncp
from hil.zigbee.pan import Pan
from hil.zigbee.timeline import Timeline
from hil.zigbee.zcl import Attribute

WELL_KNOWN_KEY = b"ZigBeeAlliance09"
#: Of a network that is there already: well-known numbers, so that a test can look for them.
_PAN_ID, _CHANNEL, _POWER = 0x5E07, 20, 8
#: What a device that fragments puts into one answer.
_LONGEST_ANSWER = 240
_GLOBAL_HASHED_LINK_KEY = 0x0084


class House:
    """The devices by name, the network, and the stick's co-processor."""

    def __init__(self, file: Path, version: int = 13, *, minute_s: float = 60.0) -> None:
        table = tomllib.loads(file.read_text())
        self.devices = {each["name"]: _device(each, minute_s) for each in table.get("device", [])}
        self.pan = Pan(Timeline(), self.devices.values())
        if utility := table.get("utility"):
            self._join_utility(utility)
        self.ncp = Ncp(Dialect(version), Memory(eui64(table["stick"]["eui64"])), self.pan)

    def _join_utility(self, table: dict[str, Any]) -> None:
        """The devices are in the network of a utility, whose coordinator is the one with address 0; the stick is not yet."""
        network = Network(mmo(b"utility extended pan id")[:8], table["pan_id"], _POWER, table["channel"])
        network.node_type, network.node_id = ROUTER, table["stick_node_id"]
        self.pan.utility, self.pan.utility_key = network, mmo(b"utility network key")
        for device in self.devices.values():
            device.joined = True

    def allow_fragments(self) -> None:
        """Devices send responses that do not fit one frame in several."""
        for device in self.devices.values():
            for endpoint in device.endpoints.values():
                for cluster in endpoint.clusters.values():
                    cluster.attributes.room = _LONGEST_ANSWER

    def write_certificates(self) -> None:
        """The stick's firmware computes keys itself, with certificates of the bench's authority."""
        owner = self.ncp.memory.eui64[::-1].hex()
        self.ncp.credentials = {number: issue(owner, suite) for number, suite in SUITES.items()}

    def form(self) -> None:
        """The network is there already, and everybody in it."""
        memory = self.ncp.memory
        memory.network = Network(mmo(b"bench extended pan id")[:8], _PAN_ID, _POWER, _CHANNEL)
        memory.network_key, memory.trust_centre_key = mmo(b"bench network key"), mmo(b"bench trust centre key")
        memory.trust_centre, memory.security = memory.eui64, _GLOBAL_HASHED_LINK_KEY
        for index, (name, device) in enumerate(self.devices.items()):
            key = mmo(f"bench link key {name}".encode())
            memory.link_keys[index] = LinkKey(device.eui64, key)
            device.link_key, device.joined, device.established = key, True, True
        self.pan.when_up = self._settle

    def _settle(self) -> None:
        self.pan.when_up = None
        for device in self.devices.values():
            device.entered(self.pan)


def _device(table: dict[str, Any], minute_s: float) -> SmartEnergyDevice:
    code = bytes.fromhex(table.get("install_code", ""))
    endpoints = [_endpoint(each, minute_s) for each in table["endpoint"]]
    if suite := table.get("suite", 0):
        credentials = issue(table["eui64"], SUITES[suite])
        for server in (True, False):
            cluster = KeyEstablishment(credentials, server=server, begins=table.get("begins", True))
            endpoints[0].clusters[cluster.number, server] = cluster
    device = SmartEnergyDevice(
        eui64(table["eui64"]),
        table["node_id"],
        installation_key(code) if code else WELL_KNOWN_KEY,
        endpoints,
        protected=table.get("protected", True),
    )
    device.willing = table.get("joins", True)
    return device


def _endpoint(table: dict[str, Any], minute_s: float) -> Endpoint:
    clusters: list[Cluster] = []
    attributes = {
        int(cluster, 16): {int(name, 16): _attribute(*each) for name, each in values.items()}
        for cluster, values in table.get("attributes", {}).items()
    }
    attributes.setdefault(BASIC, {})[0x0000] = Attribute("u8", 3)
    if "metering" in table:
        clusters.append(Metering(attributes.pop(METERING), **table["metering"]))
    if "display" in table:
        clusters += [PriceDisplay(), MessageDisplay(table["display"].get("confirms_after"))]
    if "load_control" in table:
        clusters.append(LoadControl(**table["load_control"], minute_s=minute_s))
    clusters += [PlainCluster(number, values) for number, values in attributes.items()]
    clusters += [PlainCluster(number, server=False) for number in table.get("clients", [])]
    return Endpoint(table["number"], table["device_type"], clusters)


def _attribute(kind: str, value: int | str, *flags: str) -> Attribute:
    return Attribute(kind, value, writable="writable" in flags, reportable="unreportable" not in flags)
