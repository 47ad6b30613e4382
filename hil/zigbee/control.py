"""What a test does to the house while it runs: one JSON object a line, on a socket beside the stick's link.

    {"do": "set", "device": "meter", "endpoint": 1, "cluster": 1794, "attribute": 512, "value": 4}

Every line is answered by one: {"ok": true, ...} or {"ok": false, "why": "..."}. ``ACTIONS`` lists what can be done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hil.zigbee.device import LOAD_CONTROL, MESSAGING, METERING, PRICE, Endpoint, SmartEnergyDevice
from hil.zigbee.house import House
from hil.zigbee.key_establishment import KeyEstablishment
from hil.zigbee.stick import Stick

Request = dict[str, Any]
#: action -> what it does; the fields it takes stand in brackets.
ACTIONS: dict[str, str] = {
    "set": "gives an attribute another value (device, endpoint, cluster, attribute, value), reported where it was asked for",
    "report": "reports attributes now (device, endpoint, cluster, attributes)",
    "join": "a device joins, if the network is open (device)",
    "rejoin": "a device comes back with the keys it has (device)",
    "leave": "a device leaves (device)",
    "restart": "a device starts over and asks for what it missed (device)",
    "off": "a device is switched off, or out of reach (device)",
    "on": "and back (device)",
    "time": "a device asks the gateway for the time and whose it is (device)",
    "confirm": "the owner confirms the message on the display (device)",
    "opt-out": "the owner opts out of a load control event (device, event)",
    "opt-in": "and in again (device, event)",
    "spoil": "a device's next confirmation of a key is wrong, or it answers no step at all (device, what: wrong, silent)",
    "plain": "a device reports its registers without the encryption of its link key (device, endpoint)",
    "state": "what a device, or the stick, has: keys, prices, messages, events, counts (device)",
    "stick": "reset, fatal, hang, dead, unplug or plug (what)",
}


class Control:
    """Does the actions on a running stick."""

    def __init__(self, house: House, stick: Stick) -> None:
        self.house = house
        self.stick = stick

    def do(self, request: Request) -> dict[str, Any]:
        try:
            answer = self._do(request)
        except (KeyError, ValueError, StopIteration, IndexError, TypeError) as error:
            return {"ok": False, "why": f"{type(error).__name__}: {error}"}
        self.stick.work()
        return {"ok": True, **(answer or {})}

    def _do(self, request: Request) -> dict[str, Any] | None:
        action = request["do"]
        self.stick.pan.timeline.run(asyncio.get_running_loop().time())
        if action == "stick":
            return self._stick(request["what"])
        if action == "state" and request["device"] == "stick":
            return self._stick_state()
        device = self.house.devices[request["device"]]
        pan = self.house.pan
        if action in ("set", "report", "plain"):
            return self._attributes(action, device.endpoints[request.get("endpoint", 1)], request)
        if action == "join":
            return {"joined": pan.join(device)}
        if action == "state":
            return state(device)
        if action in ("confirm", "opt-out", "opt-in"):
            return self._owner(action, device, request)
        simple: dict[str, Callable[[], None]] = {
            "rejoin": lambda: pan.rejoin(device),
            "leave": lambda: pan.leave(device),
            "restart": lambda: device.entered(pan),
            "time": device.ask_time,
            "spoil": lambda: _spoil(device, request["what"]),
            "off": lambda: setattr(device, "reachable", False),
            "on": lambda: setattr(device, "reachable", True),
        }
        if action not in simple:
            raise ValueError(f"no action {action!r}; there are {', '.join(ACTIONS)}")
        simple[action]()
        return None

    def _stick_state(self) -> dict[str, Any]:
        memory, network = self.house.ncp.memory, self.house.ncp.memory.network
        return {
            "up": self.house.ncp.up,
            "node_type": network.node_type if network else None,
            "pan_id": network.pan_id if network else None,
            "trust_centre": memory.trust_centre[::-1].hex(),
            "link_keys": {entry.partner[::-1].hex(): entry.key.hex() for entry in memory.link_keys.values()},
            "counts": {**self.house.pan.counts, **self.stick.ash.counts},
            "commands": {f"{number:04x}": count for number, count in self.house.ncp.commands.items()},
            "unknown_commands": {f"{number:04x}": count for number, count in self.house.ncp.unknown.items()},
        }

    def _stick(self, what: str) -> None:
        strikes: dict[str, Callable[[], None]] = {
            "reset": self.stick.crash,
            "fatal": self.stick.fail,
            "hang": self.stick.hang,
            "dead": self.stick.go_silent,
            "unplug": self.stick.unplug,
            "plug": self.stick.plug,
        }
        strikes[what]()

    def _attributes(self, action: str, endpoint: Endpoint, request: Request) -> None:
        cluster = request.get("cluster", METERING)
        if action == "set":
            endpoint.set(cluster, request["attribute"], request["value"])
        elif action == "report":
            endpoint.report(cluster, request["attributes"])
        else:
            endpoint.report(cluster, [0x0000], encrypted=False)

    def _owner(self, action: str, device: SmartEnergyDevice, request: Request) -> None:
        endpoint, cluster = _client(device, MESSAGING if action == "confirm" else LOAD_CONTROL)
        if action == "confirm":
            cluster.confirm(endpoint)
        else:
            event = cluster.events[request["event"]]
            (cluster.opt_out if action == "opt-out" else cluster.opt_in)(endpoint, event)


def _key_establishments(device: SmartEnergyDevice) -> list[KeyEstablishment]:
    clusters = [cluster for endpoint in device.endpoints.values() for cluster in endpoint.clusters.values()]
    return [cluster for cluster in clusters if isinstance(cluster, KeyEstablishment)]


def _spoil(device: SmartEnergyDevice, what: str) -> None:
    for cluster in _key_establishments(device):
        cluster.spoils, cluster.silent = what == "wrong", what == "silent"


def _client(device: SmartEnergyDevice, number: int) -> tuple[Endpoint, Any]:
    """The client of a cluster, and the endpoint it is on. Raises StopIteration where there is none."""
    return next(
        (endpoint, endpoint.clusters[number, False])
        for endpoint in device.endpoints.values()
        if (number, False) in endpoint.clusters
    )


def state(device: SmartEnergyDevice) -> dict[str, Any]:
    """What a device has, as JSON."""
    found: dict[str, Any] = {
        "joined": device.joined,
        "reachable": device.reachable,
        "established": device.established,
        "link_key": device.link_key.hex(),
        "esi": device.esi,
        "time": device.time_said.hex(),
        "counts": dict(device.counts),
        "agreements": [result for cluster in _key_establishments(device) for result in cluster.results],
    }
    for name, number in (("prices", PRICE), ("messages", MESSAGING), ("events", LOAD_CONTROL)):
        with contextlib.suppress(StopIteration):
            _, cluster = _client(device, number)
            each = getattr(cluster, name)
            found[name] = [asdict(one) for one in (each.values() if isinstance(each, dict) else each)]
            if name == "events":
                found["reported"] = cluster.reported
    return found


@contextlib.asynccontextmanager
async def listening(control: Control, link: Path | None) -> AsyncIterator[None]:
    """Serve the control socket, ``<link>.control``; without a link there is none."""
    if link is None:
        yield
        return
    path = link.with_name(f"{link.name}.control")
    path.unlink(missing_ok=True)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The end of the bench cancels whoever is still connected; asyncio would print that as an error.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                try:
                    answer = control.do(json.loads(line))
                except ValueError as error:
                    answer = {"ok": False, "why": str(error)}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(converse, path)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)
