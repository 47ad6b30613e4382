"""What many messages are made of: names, status, intervals, references to things by their names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.messages.declare import many, optional, required


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTypeAuthority:
    """Who defines a type of name."""

    description: str | None = optional("description")
    name: str = required("name")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameType:
    """What kind of name a name is; needed where a thing has more than one."""

    description: str | None = optional("description")
    name: str = required("name")
    name_type_authority: NameTypeAuthority | None = optional("NameTypeAuthority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name of a thing, with the kind of name it is."""

    name: str = required("name")
    name_type: NameType | None = optional("NameType")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A thing said by its mRID or by its names; the element's name says what it is."""

    mrid: str | None = optional("mRID")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of a thing and when it took it."""

    date_time: datetime | None = optional("dateTime")
    reason: str | None = optional("reason")
    remark: str | None = optional("remark")
    value: str | None = optional("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeInterval:
    """From ``start`` to ``end``, UTC. The schema has the end first."""

    end: datetime | None = optional("end")
    start: datetime | None = optional("start")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicAddress:
    """Where a thing can be reached by electronic means."""

    email1: str | None = optional("email1")
    email2: str | None = optional("email2")
    lan: str | None = optional("lan")
    mac: str | None = optional("mac")
    password: str | None = optional("password")
    radio: str | None = optional("radio")
    user_id: str | None = optional("userID")
    web: str | None = optional("web")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationEvent:
    """That, when and by whom a thing's data were changed, and from when on that counts."""

    mrid: str | None = optional("mRID")
    created_date_time: datetime | None = optional("createdDateTime")
    effective_date_time: datetime | None = optional("effectiveDateTime")
    modified_by: str | None = optional("modifiedBy")
    reason: str | None = optional("reason")
    remark: str | None = optional("remark")
    severity: str | None = optional("severity")
    type: str | None = optional("type")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
