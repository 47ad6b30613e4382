"""From the configuration to the door and its transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.cim.controls import Control, Controls
from gateway.cim.end_device_code import EndDeviceControlType
from gateway.config.headend import DoorTlsTable, HeadEndTable, SourceTable
from gateway.headend.access import Access, Credentials, Grant, Source


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
    token = None
    if table.token is not None and (token := keys.get(table.token)) is None:
        where, do = f"source {table.name}", "put it into the key file"
        raise UsageError(f"the secret {table.token!r} is not there", where=where, do=do)
    return Credentials(token, table.certificate)


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
