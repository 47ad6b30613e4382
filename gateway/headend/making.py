"""From the configuration to the door and its transports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.config.headend import DoorTlsTable, HeadEndTable, SourceTable
from gateway.headend.access import Access, Credentials, Grant, Source


def access(table: HeadEndTable, keys: KeySource) -> Access:
    """The sources with their credentials. Raises UsageError for a secret that is nowhere."""
    return Access((_source(one), _credentials(one, keys)) for one in table.source)


def _source(table: SourceTable) -> Source:
    grants = (Grant(frozenset(one.verbs), frozenset(one.nouns), frozenset(one.devices)) for one in table.may)
    return Source(table.name, tuple(grants), table.replies or "")


def _credentials(table: SourceTable, keys: KeySource) -> Credentials:
    token = None
    if table.token is not None and (token := keys.get(table.token)) is None:
        where, do = f"source {table.name}", "put it into the key file"
        raise UsageError(f"the secret {table.token!r} is not there", where=where, do=do)
    return Credentials(token, table.certificate)


def tls(table: DoorTlsTable | None) -> Mapping[str, Any]:
    """What the HTTP server is told of its certificates."""
    import ssl

    if table is None:
        return {}
    told: dict[str, Any] = {"ssl_certfile": str(table.certificate), "ssl_keyfile": str(table.key)}
    if table.ca is not None:
        told |= {"ssl_ca_certs": str(table.ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return told
