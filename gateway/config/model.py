"""What may stand in the configuration, table by table. Unknown keys are errors; no text stands for a number.

The docstring under a key explains it to the operator: docs/operating.md is made from them (``make pages``).
"""

from __future__ import annotations

from datetime import UTC, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from drivers.counter import Counter
from drivers.errors import UsageError
from drivers.meter_url import MeterUrl, parse
from gateway.acquisition.alarms import can_alarm
from gateway.acquisition.recurrence import Recurrence
from gateway.acquisition.validation import Limit
from gateway.config.headend import HeadEndTable
from gateway.config.tls import TlsTable
from gateway.config.values import Duration, FilePath, Identifier, Port, SecretName, Size, Zone
from gateway.device_map.strict import Exact, ObisCode, Strict


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


Url = Annotated[MeterUrl, PlainValidator(_url), WithJsonSchema({"type": "string"})]


class QuotaTable(Strict):
    """``[gateway.quota]``: how much telemetry may wait for a sink that is down. Events and replies are always kept."""

    size: Size = 500 * 10**6
    """Bytes of all messages that wait; beyond, the oldest telemetry is given up, and counted."""
    age: Duration = timedelta(days=60)
    """Telemetry that waits longer is given up, and counted."""


class MetricsTable(Strict):
    """``[gateway.metrics]``: where Prometheus may ask. Only this machine, unless said."""

    address: str = "127.0.0.1"
    """Where to listen; `0.0.0.0` lets other machines ask."""
    port: Port = 9477
    """The TCP port of `GET /metrics`."""


class GatewayTable(Strict):
    """``[gateway]``: who and where it is. ``state`` is the folder of its store; ``zone`` that of the site's day."""

    name: Identifier
    """Who it is: the Source of its messages, a part of topics and client ids. One of a kind in a fleet."""
    state: FilePath = Path("/var/lib/metergate")
    """The folder of the store."""
    keys: FilePath | None = None
    """The key file (mode 0600). Without it: the systemd credential `metergate-keys`. The environment always."""
    zone: Zone = UTC
    """Of the site: reads fall on the hours and midnights of this zone."""
    dialect: Identifier = "default"
    """Which set of OBIS rules names the ReadingTypes; `metergate explain` shows what a code becomes."""
    jitter: Duration = timedelta(seconds=10)
    """Reads of one boundary are spread over so much time, each at the same place every time."""
    quota: QuotaTable = QuotaTable()
    metrics: MetricsTable | None = None


class ReadTable(Strict):
    """``[[meter.read]]``: what is read of a meter, and how often, on boundaries of the site's day.

    ``what`` is the current registers (all, or ``registers``), a load profile (``profile``), the event logs, or the clock.
    ``offset`` is the time after the boundary; ``deadline`` how long a read may take before the next meter's turn;
    ``history`` how far back missing intervals of a profile are asked for.
    """

    what: Literal["registers", "profile", "events", "clock"] = "registers"
    """The current registers, a load profile, the event logs, or the clock."""
    every: Duration
    """How often: a part of a day that divides it, or whole days."""
    offset: Duration = timedelta(0)
    """The time after the boundary."""
    deadline: Duration = timedelta(minutes=5)
    """How long a read may take before it is the next meter's turn."""
    registers: list[ObisCode] = []
    """Only these; all that the meter has where none is named."""
    profile: ObisCode | None = None
    """Which load profile, e.g. `1-0:99.1.0`."""
    history: Duration = timedelta(days=35)
    """How far back missing intervals of a profile, or entries of a log, are asked for."""

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


class LimitTable(Strict):
    """``[[meter.limit]]``: what a site knows of one register. What is beyond is kept and marked, never dropped."""

    obis: ObisCode
    """Which register, e.g. `1-0:32.7.0`."""
    low: Exact | None = None
    """A value below is marked out of range."""
    high: Exact | None = None
    """A value above is marked out of range."""
    most_per_hour: Annotated[Exact, Field(gt=0)] | None = None
    """A counter that grew faster is marked suspect."""
    rollover: Annotated[Exact, Field(gt=0)] | None = None
    """Where the counter begins at 0 again."""
    stuck_after: Duration | None = None
    """A value that stands longer is marked suspect."""
    alarm_below: Exact | None = None
    """A voltage below is told as an event, and again when it is back."""
    alarm_above: Exact | None = None
    """A voltage or distortion (`1-0:32.7.124`) above is told as an event, and again when it is back."""
    hysteresis: Annotated[Exact, Field(ge=0)] = Decimal(0)
    """It is back when it is inside its band by so much."""

    @model_validator(mode="after")
    def _alarms(self) -> LimitTable:
        if (self.alarm_below is not None or self.alarm_above is not None) and not can_alarm(self.obis):
            raise ValueError(
                "alarm_below and alarm_above go with voltages (1-0:32.7.0) and their distortion (1-0:32.7.124)"
            )
        return self

    def limit(self) -> Limit:
        """As what is read is judged by it."""
        return Limit(
            self.low,
            self.high,
            self.most_per_hour,
            Counter(rollover=self.rollover),
            self.stuck_after,
            self.alarm_below,
            self.alarm_above,
            self.hysteresis,
        )


class ClockTable(Strict):
    """``[meter.clock]``: how far the meter's clock may be off before it is said, and whether it may be set."""

    report: Duration = timedelta(seconds=60)
    """A clock that is further off is told as an event."""
    set: bool = False
    """Whether the gateway may set it."""
    set_beyond: Duration = timedelta(seconds=10)
    """It is set when it is further off than this."""


class MeterTable(Strict):
    """``[[meter]]``: one meter. ``serial`` is who must answer there; another one is a meter that was exchanged."""

    name: Identifier
    """The name of the place: it stays when the meter is exchanged."""
    url: Url
    """What speaks there and where: `iec62056-21:/dev/ttyUSB0`, `dlms://host:4059?client=1`, `modbus:/dev/ttyUSB1?unit=1`."""
    map: str = ""
    """The device map, `maker/model` or a file (`metergate map list`)."""
    zone: Zone | None = None
    """Of the meter's own clock where its stamps name none; the gateway's where it is not given."""
    serial: str = ""
    """The number of the meter that must answer; another one is told as exchanged."""
    usage_point: str = ""
    """The mRID of the UsagePoint in its messages."""
    read: list[ReadTable] = []
    clock: ClockTable = ClockTable()
    limit: list[LimitTable] = []


class AnySink(Strict):
    """What every sink has."""

    name: Identifier
    """The name of its queue, in `metergate status` and `outbox`."""
    batch: Annotated[int, Field(ge=1, le=1000)] = 50
    """Messages taken from the outbox at a time and struck off together. After a crash at most so many are sent again."""
    compress_beyond: Size | None = None
    """A payload larger than this travels as gzip in the element `Compressed` of 61968-100; never where it is not given."""


class HttpTable(AnySink):
    """``[[sink]]`` of type http: every message is POSTed to ``url``. ``token`` names the secret of a bearer token."""

    type: Literal["http"]
    """`"http"`."""
    url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")]
    """Where to; no secret belongs into it."""
    form: Literal["plain", "soap", "soap12"] = "plain"
    """The bare message, or in a SOAP 1.1 or 1.2 envelope."""
    tls: TlsTable | None = None
    token: SecretName | None = None
    """The name of the secret that is sent as bearer token."""
    timeout: Duration = timedelta(seconds=30)
    """How long an answer may take."""


class MqttTable(AnySink):
    """``[[sink]]`` of type mqtt. ``password`` names the secret. With ``tls`` the port is 8883 unless said."""

    type: Literal["mqtt"]
    """`"mqtt"`."""
    host: Annotated[str, Field(min_length=1)]
    """The broker."""
    port: Port | None = None
    """Its port."""
    prefix: Annotated[str, Field(pattern=r"^[^#+\s]+$")] = "metergate"
    """Topics are `<prefix>/<gateway>/reading`, `event`, `reply` and `status`."""
    user: str | None = None
    """The user's name at the broker."""
    password: SecretName | None = None
    """The name of the secret that is the password."""
    tls: TlsTable | None = None
    home_assistant: Annotated[str, Field(pattern=r"^[^#+\s]+$")] | None = None
    """The discovery prefix of Home Assistant, usually `homeassistant`: readings are also shown there. A view, not a delivery."""


class DirectoryTable(AnySink):
    """``[[sink]]`` of type directory: one file a message."""

    type: Literal["directory"]
    """`"directory"`."""
    path: FilePath
    """The folder; files appear in it whole or not at all."""


SinkTable = Annotated[HttpTable | MqttTable | DirectoryTable, Field(discriminator="type")]


class Config(Strict):
    """The whole configuration. ``devices.d`` files hold ``[[meter]]`` tables only."""

    gateway: GatewayTable
    meter: list[MeterTable] = []
    sink: list[SinkTable] = []
    headend: HeadEndTable | None = None


class Devices(Strict):
    """A file of ``devices.d``."""

    meter: list[MeterTable] = []
