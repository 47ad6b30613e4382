"""ReplayDetection of the envelope: a message that was recorded and is sent again by another is not taken.

Whoever repeats a request of its own repeats it with its MessageID, and is answered as before: that is no replay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.headend.access import Source
from gateway.messages import refusals
from gateway.messages.envelope import Header
from gateway.store import requests
from gateway.store.connection import Connection

#: How far ``Created`` may be from our clock. OASIS WS-Security, whose header this is, recommends five minutes for its like.
WINDOW = timedelta(minutes=5)


def check(connection: Connection, header: Header, source: Source, at: datetime) -> None:
    """Raises Refusal (7.3) for a message without what its source must give, (7.4) for one that was made long ago or used."""
    said = header.replay_detection
    if said is None:
        if source.replay_detection:
            raise refusals.mechanism_insufficient("messages of this source must have ReplayDetection")
        return
    if abs(said.created - at) > WINDOW:
        raise refusals.replayed(f"it was made at {said.created.isoformat()}, and it is {at.isoformat()} here")
    if not requests.nonce_is_new(connection, source.name, said.nonce, at):
        raise refusals.replayed("its Nonce was used before")
