"""``[headend]``: the door for requests. Without it the gateway takes none.

The docstring under a key explains it to the operator: docs/operating.md is made from them (``make pages``).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from gateway.cim.controls import Control
from gateway.config.tls import TlsTable
from gateway.config.values import Duration, FilePath, Identifier, Port, SecretName, Size
from gateway.device_map.strict import Strict


def _control(value: object) -> str:
    known = ["*", *map(str, Control)]
    if value not in known:
        raise ValueError(f"{value!r} is no control: they are {', '.join(known)}")
    return str(value)


#: The verbs of requests, and ``*`` for every one.
AskedVerb = Literal["get", "create", "change", "cancel", "close", "delete", "execute", "*"]
Noun = Annotated[str, Field(pattern=r"^(\*|[A-Z][A-Za-z]{1,60})$")]
ControlName = Annotated[str, PlainValidator(_control), WithJsonSchema({"type": "string"})]
ControlCode = Annotated[str, Field(pattern=r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$")]
Device = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$")]


class GrantTable(Strict):
    """``[[headend.source.may]]``: what a source may ask for. Nothing is granted that stands nowhere."""

    verbs: list[AskedVerb]
    """`get`, `create`, `change`, `cancel`, `close`, `delete`, `execute`; `*` for all."""
    nouns: list[Noun]
    """The nouns, such as `MeterReadings` or `EndDeviceControls`; `*` for all."""
    devices: list[Device] = ["*"]
    """Names of meters in the configuration; all of them where none is named."""
    controls: list[ControlName] = ["*"]
    """Of EndDeviceControls only these: `connect`, `disconnect`, `set the clock` and so on; `*` for all."""


class SourceTable(Strict):
    """``[[headend.source]]``: a system that may ask, and by what it is known."""

    name: Identifier
    """The Source of its messages."""
    token: SecretName | None = None
    """The name of the secret that it sends as bearer token. Over HTTP a source without token or certificate is nobody."""
    certificate: Annotated[str, Field(min_length=1)] | None = None
    """A name in the certificate of its TLS connection: the common name, or an alternative name."""
    replies: Identifier | None = None
    """The sink that answers go to which come later. Without it everything must be answered at once."""
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600
    """So many requests a minute; what is beyond is refused."""
    replay_detection: bool = False
    """Whether every message must have ReplayDetection: a nonce, and when it was made."""
    may: list[GrantTable] = []


class DoorTlsTable(Strict):
    """``[headend.http.tls]``: our certificate, and the authorities whose certificates are taken from others."""

    certificate: FilePath
    """Our own certificate, PEM."""
    key: FilePath
    """Its private key, PEM, readable by the gateway alone."""
    ca: FilePath | None = None
    """Who connects must show a certificate of these authorities, PEM; none is asked for where it is not given."""


class HttpDoorTable(Strict):
    """``[headend.http]``: where requests are taken over HTTP."""

    address: str = "127.0.0.1"
    """Where to listen; `0.0.0.0` lets other machines ask."""
    port: Port = 8080
    """The TCP port of `POST /messages`."""
    tls: DoorTlsTable | None = None


class MqttDoorTable(Strict):
    """``[headend.mqtt]``: where requests are taken over MQTT 5."""

    host: Annotated[str, Field(min_length=1)]
    """The broker. Who may publish where is its access list: the topic says which source it is."""
    port: Port | None = None
    """Its port: 1883, or 8883 with TLS."""
    prefix: Annotated[str, Field(pattern=r"^[^#+\s]+$")] = "metergate"
    """Requests are taken from `<prefix>/<gateway>/request/<source>`, answers go below `<prefix>/<gateway>/response/`."""
    user: str | None = None
    """The user's name at the broker."""
    password: SecretName | None = None
    """The name of the secret that is the password."""
    tls: TlsTable | None = None


class DirectoryDoorTable(Strict):
    """``[headend.directory]``: where requests are taken from folders."""

    path: FilePath
    """Requests are moved into `<path>/<source>/in`, their answers appear in `<path>/<source>/out`."""


class HeadEndTable(Strict):
    """``[headend]``: how requests are answered."""

    answer_within: Duration = timedelta(seconds=20)
    """A request that takes longer is acknowledged and answered later, by the sink of its source."""
    most_bytes: Size = 4 * 10**6
    """A larger message is refused."""
    keep: Duration = timedelta(days=35)
    """How long a MessageID is remembered: what bears it again is answered as before, and not done again."""
    four_eyes: list[ControlName] = []
    """Controls that are done only when a second source or user orders the same, by its issuerTrackingID, within an hour."""
    currency: Annotated[int, Field(ge=0, le=999)] = 978
    """The currency of prices for a home area network, by its number in ISO 4217: 978 is the euro."""
    controls: dict[ControlName, ControlCode] = {}
    """Which EndDeviceControlType asks for which control, where it is not the usual one: `"set the clock" = "3.36.114.13"`.
    No code for setting a clock or for limiting an inverter is published; say here what your head end sends."""
    http: HttpDoorTable | None = None
    mqtt: MqttDoorTable | None = None
    directory: DirectoryDoorTable | None = None
    source: list[SourceTable] = []
