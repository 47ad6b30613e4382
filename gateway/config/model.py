"""What may stand in the configuration, table by table. Unknown keys are errors; no text stands for a number."""

from __future__ import annotations

from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from drivers.errors import UsageError
from drivers.meter_url import MeterUrl, parse
from gateway.acquisition.recurrence import Recurrence
from gateway.config.values import Duration, Identifier, SecretName, Size, Zone
from gateway.device_map.strict import ObisCode, Strict


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("a path is a text")
    return Path(value)


def _url(value: object) -> MeterUrl:
    if not isinstance(value, str):
        raise ValueError("a meter's URL is a text")
    try:
        url = parse(value)
    except UsageError as error:
        raise ValueError(str(error)) from None
    if not url.scheme:
        raise ValueError(f"say what speaks there: iec62056-21:{value} or the like (metergate read {value} finds out)")
    return url


FilePath = Annotated[Path, PlainValidator(_path), WithJsonSchema({"type": "string"})]
Url = Annotated[MeterUrl, PlainValidator(_url), WithJsonSchema({"type": "string"})]


class QuotaTable(Strict):
    """``[gateway.quota]``: how much telemetry may wait for a sink that is down. Events and replies are always kept."""

    size: Size = 500 * 10**6
    age: Duration = timedelta(days=60)


class MetricsTable(Strict):
    """``[gateway.metrics]``: where Prometheus may ask. Only this machine, unless said."""

    address: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9477


class GatewayTable(Strict):
    """``[gateway]``: who and where it is. ``state`` is the folder of its store; ``zone`` that of the site's day."""

    name: Identifier
    state: FilePath = Path("/var/lib/metergate")
    keys: FilePath | None = None
    zone: Zone = UTC
    dialect: Identifier = "default"
    jitter: Duration = timedelta(seconds=10)
    quota: QuotaTable = QuotaTable()
    metrics: MetricsTable | None = None


class ReadTable(Strict):
    """``[[meter.read]]``: what is read of a meter, and how often, on boundaries of the site's day.

    ``what`` is the current registers (all, or ``registers``), a load profile (``profile``), the event logs, or the clock.
    ``offset`` is the time after the boundary; ``deadline`` how long a read may take before the next meter's turn;
    ``history`` how far back missing intervals of a profile are asked for.
    """

    what: Literal["registers", "profile", "events", "clock"] = "registers"
    every: Duration
    offset: Duration = timedelta(0)
    deadline: Duration = timedelta(minutes=5)
    registers: list[ObisCode] = []
    profile: ObisCode | None = None
    history: Duration = timedelta(days=35)

    @model_validator(mode="after")
    def _whole(self) -> ReadTable:
        if self.what == "profile" and self.profile is None:
            raise ValueError("profile: which load profile is read, e.g. profile = '1-0:99.1.0'")
        if self.what != "profile" and self.profile is not None:
            raise ValueError(f"profile does not go with what = {self.what!r}")
        if self.what != "registers" and self.registers:
            raise ValueError(f"registers does not go with what = {self.what!r}")
        self.recurrence(UTC)
        return self

    def recurrence(self, zone: tzinfo) -> Recurrence:
        """When it is due, in ``zone``. Raises ValueError when ``every`` and ``offset`` make no boundaries."""
        return Recurrence(self.every, self.offset, zone)


class ClockTable(Strict):
    """``[meter.clock]``: how far the meter's clock may be off before it is said, and whether it may be set."""

    report: Duration = timedelta(seconds=60)
    set: bool = False
    set_beyond: Duration = timedelta(seconds=10)


class MeterTable(Strict):
    """``[[meter]]``: one meter. ``serial`` is who must answer there; another one is a meter that was exchanged."""

    name: Identifier
    url: Url
    map: str = ""
    zone: Zone | None = None
    serial: str = ""
    usage_point: str = ""
    read: list[ReadTable] = []
    clock: ClockTable = ClockTable()


class TlsTable(Strict):
    """``tls`` of a sink: authorities to believe, and our own certificate with its key where the other side asks."""

    ca: FilePath | None = None
    certificate: FilePath | None = None
    key: FilePath | None = None

    @model_validator(mode="after")
    def _pair(self) -> TlsTable:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class HttpTable(Strict):
    """``[[sink]]`` of type http: every message is POSTed to ``url``. ``token`` names the secret of a bearer token."""

    type: Literal["http"]
    name: Identifier
    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")]
    tls: TlsTable | None = None
    token: SecretName | None = None
    timeout: Duration = timedelta(seconds=30)


class MqttTable(Strict):
    """``[[sink]]`` of type mqtt. ``password`` names the secret. With ``tls`` the port is 8883 unless said."""

    type: Literal["mqtt"]
    name: Identifier
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    prefix: Annotated[str, Field(pattern=r"^[^#+\s]+$")] = "metergate"
    user: str | None = None
    password: SecretName | None = None
    tls: TlsTable | None = None


class DirectoryTable(Strict):
    """``[[sink]]`` of type directory: one file a message."""

    type: Literal["directory"]
    name: Identifier
    path: FilePath


SinkTable = Annotated[HttpTable | MqttTable | DirectoryTable, Field(discriminator="type")]


class Config(Strict):
    """The whole configuration. ``devices.d`` files hold ``[[meter]]`` tables only."""

    gateway: GatewayTable
    meter: list[MeterTable] = []
    sink: list[SinkTable] = []


class Devices(Strict):
    """A file of ``devices.d``."""

    meter: list[MeterTable] = []
