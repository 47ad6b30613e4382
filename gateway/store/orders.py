"""Orders of head ends: one control of one device, from its acceptance to its outcome.

    held ──► accepted ──► sent ──► done, failed, unknown
      └────────┴──► cancelled

An order is ``sent`` on the disk before a byte of it is on the wire: what is found so after a restart may have been done and
is not sent again. Every function takes the connection of a commit (``Store.write``); times are UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


class State(StrEnum):
    """Where an order stands."""

    HELD = "held"
    ACCEPTED = "accepted"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


#: States of an order that nothing was sent of.
OPEN = (State.HELD, State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Order:
    """``request_id`` is the CorrelationID of what is told of it, ``tracking_id`` its issuerTrackingID, ``by`` who ordered it
    (source and user); ``start_at`` when it is to be done, not later than ``latest_at``; ``sent_at`` None before it is."""

    id: str
    source: str
    by: str
    request_id: str
    mrid: str
    tracking_id: str
    place: str
    control: str
    body: bytes
    accepted_at: datetime
    start_at: datetime
    latest_at: datetime
    state: State
    sent_at: datetime | None = None
    outcome: str = ""


_COLUMNS = (
    "id, source, ordered_by, request_id, mrid, tracking_id, place, control, body, accepted_at, start_at, latest_at, state,"
    " sent_at, outcome"
)


def put(connection: Connection, order: Order) -> None:
    """Keep a new order."""
    connection.execute(
        f"INSERT INTO control_order ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
        (
            order.id,
            order.source,
            order.by,
            order.request_id,
            order.mrid,
            order.tracking_id,
            order.place,
            order.control,
            order.body,
            micros(order.accepted_at),
            micros(order.start_at),
            micros(order.latest_at),
            str(order.state),
            None if order.sent_at is None else micros(order.sent_at),
            order.outcome,
        ),
    )


def move(connection: Connection, name: str, before: Sequence[State], to: State, outcome: str = "") -> bool:
    """Bring an order from one of these states into another; False when it stands elsewhere."""
    marks = ", ".join("?" * len(before))
    return (
        connection.execute(
            f"UPDATE control_order SET state = ?, outcome = ? WHERE id = ? AND state IN ({marks}) RETURNING 1",  # noqa: S608 - marks only
            (str(to), outcome, name, *map(str, before)),
        ).fetchone()
        is not None
    )


def send(connection: Connection, name: str, at: datetime) -> bool:
    """Note that it is sent now; False when it is not to be."""
    return (
        connection.execute(
            "UPDATE control_order SET state = 'sent', sent_at = ? WHERE id = ? AND state = 'accepted' RETURNING 1",
            (micros(at), name),
        ).fetchone()
        is not None
    )


def standing(connection: Connection, *states: State) -> Sequence[Order]:
    """The orders in these states, in the order of their start."""
    marks = ", ".join("?" * len(states))
    return _select(connection, f"state IN ({marks}) ORDER BY start_at, accepted_at, id", tuple(map(str, states)))


def called(connection: Connection, source: str, name: str) -> Sequence[Order]:
    """The orders of a source that a name means: their own id, mRID or issuerTrackingID, or the id of their request."""
    where = "source = ? AND ? IN (id, mrid, tracking_id, request_id) ORDER BY accepted_at, id"
    return _select(connection, where, (source, name))


def request_of(connection: Connection, tracking_id: str) -> str | None:
    """The id of the newest request with this issuerTrackingID, or for an order with this id; None where there was none."""
    row = connection.execute(
        "SELECT request_id FROM control_order WHERE tracking_id = ?1 OR id = ?1 ORDER BY accepted_at DESC LIMIT 1",
        (tracking_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def like(connection: Connection, tracking_id: str, place: str, control: str) -> Sequence[Order]:
    """Held orders of the same thing, whoever gave them."""
    where = "tracking_id = ? AND place = ? AND control = ? AND state = 'held' ORDER BY accepted_at"
    return _select(connection, where, (tracking_id, place, control))


def prune(connection: Connection, before: datetime) -> None:
    """Forget orders that were settled and are older than ``before``."""
    connection.execute(
        "DELETE FROM control_order WHERE accepted_at < ? AND state NOT IN ('held', 'accepted', 'sent')",
        (micros(before),),
    )


def _select(connection: Connection, where: str, parameters: Sequence[object]) -> Sequence[Order]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM control_order WHERE {where}", parameters).fetchall()  # noqa: S608 - ours
    return [_order(row) for row in rows]


def _order(row: Sequence[Any]) -> Order:
    *texts, accepted_at, start_at, latest_at, state, sent_at, outcome = row
    times = (moment(accepted_at), moment(start_at), moment(latest_at))
    values = (*texts, *times, State(state), None if sent_at is None else moment(sent_at), outcome)
    return Order(*values)
