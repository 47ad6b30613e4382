"""From the configuration to the door and its transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.cim.controls import Control, Controls
from gateway.cim.end_device_code import EndDeviceControlType
from gateway.config.certificates import client_tls
from gateway.config.headend import DoorTlsTable, HeadEndTable, SourceTable
from gateway.headend.access import Access, Credentials, Grant, Source

if TYPE_CHECKING:
    from gateway.headend.door import Door
    from gateway.headend.house import House
    from gateway.headend.mqtt import MqttDoor


def access(table: HeadEndTable, keys: KeySource, sinks: Mapping[str, str]) -> Access:
    """The sources with their credentials. ``sinks`` are the addresses of the sinks by name. Raises UsageError for a secret
    that is nowhere."""
    return Access((_source(one, sinks), _credentials(one, keys)) for one in table.source)


def _source(table: SourceTable, sinks: Mapping[str, str]) -> Source:
    grants = (
        Grant(frozenset(one.verbs), frozenset(one.nouns), frozenset(one.devices), frozenset(one.controls))
        for one in table.may
    )
    replies = table.replies or ""
    addresses = frozenset(filter(None, [replies, sinks.get(replies, "")]))
    return Source(table.name, tuple(grants), replies, addresses, table.per_minute, table.replay_detection)


def _credentials(table: SourceTable, keys: KeySource) -> Credentials:
    token = _secret(table.token, f"source {table.name}", keys) if table.token is not None else None
    return Credentials(token, table.certificate)


def mqtt_door(table: HeadEndTable, door: Door, known: Access, house: House, keys: KeySource) -> MqttDoor:
    """The door at a broker. Raises UsageError for a secret that is nowhere, or a certificate that cannot be used."""
    from gateway.headend.mqtt import MqttDoor, MqttDoorSettings

    at = table.mqtt
    assert at is not None  # noqa: S101 - the caller has looked
    where = f"[headend.mqtt] {at.host}"
    password = _secret(at.password, where, keys).decode() if at.password else None
    port = at.port or (8883 if at.tls else 1883)
    settings = MqttDoorSettings(at.host, port, house.name, at.prefix, table.most_bytes, at.user, password)
    return MqttDoor(door, known, settings, house.states, client_tls(at.tls, where))


def _secret(name: str, where: str, keys: KeySource) -> bytes:
    found = keys.get(name)
    if found is None:
        raise UsageError(f"the secret {name!r} is not there", where=where, do="put it into the key file")
    return found


def codes(table: HeadEndTable) -> Controls:
    """Which code asks for which control. Raises UsageError where one would ask for two."""
    try:
        return Controls({Control(name): EndDeviceControlType.parse(code) for name, code in table.controls.items()})
    except ValueError as error:
        raise UsageError(str(error), where="[headend.controls]") from None


def tls(table: DoorTlsTable | None) -> Mapping[str, Any]:
    """What the HTTP server is told of its certificates."""
    import ssl

    if table is None:
        return {}
    told: dict[str, Any] = {"ssl_certfile": str(table.certificate), "ssl_keyfile": str(table.key)}
    if table.ca is not None:
        told |= {"ssl_ca_certs": str(table.ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return told
