"""The tables, and how a file of an earlier version becomes one of this. Times are integers: microseconds of UTC."""

from __future__ import annotations

from gateway.store.connection import Connection

#: One script a version; a file at version N gets every script after N. Never edit one that was released.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of acceptance, and of sending
        sink TEXT NOT NULL,
        message_id TEXT NOT NULL,
        class TEXT NOT NULL CHECK (class IN ('telemetry', 'event', 'reply')),
        accepted_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        refused TEXT,  -- why the sink will never take it: the dead-letter list
        UNIQUE (sink, message_id)
    );
    CREATE INDEX outbox_waiting ON outbox (sink, id) WHERE refused IS NULL;
    CREATE TABLE loss (  -- every message given up, counted by reason
        sink TEXT NOT NULL,
        class TEXT NOT NULL,
        reason TEXT NOT NULL,
        messages INTEGER NOT NULL,
        PRIMARY KEY (sink, class, reason)
    ) WITHOUT ROWID;
    CREATE TABLE counter (
        name TEXT PRIMARY KEY,
        next INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE reading (  -- what was read, for those who ask for the past and for comparing with the next
        id INTEGER PRIMARY KEY,
        meter TEXT NOT NULL,
        obis TEXT NOT NULL,
        reading_type TEXT,
        at INTEGER NOT NULL,  -- the meter's own time, else the end of its period, else when it was read
        read_at INTEGER NOT NULL,
        period_start INTEGER,
        period_end INTEGER,
        own_time INTEGER NOT NULL,  -- 1 when the meter gave the time
        value TEXT NOT NULL,
        unit TEXT NOT NULL,
        doubts TEXT NOT NULL,  -- names, separated by blanks
        checked INTEGER NOT NULL
    );
    -- What is written at one moment lies together, for the card's sake: an index by register would touch a page for each.
    CREATE INDEX reading_of ON reading (meter, at);
    CREATE INDEX reading_by_age ON reading (read_at);
    CREATE TABLE latest (  -- the last reading of each register that no doubt was cast on
        meter TEXT NOT NULL,
        obis TEXT NOT NULL,
        at INTEGER NOT NULL,
        reading INTEGER NOT NULL,
        PRIMARY KEY (meter, obis)
    ) WITHOUT ROWID;
    CREATE TABLE interval (
        meter TEXT NOT NULL,
        profile TEXT NOT NULL,
        obis TEXT NOT NULL,
        at INTEGER NOT NULL,  -- the end of the interval
        value TEXT,
        unit TEXT NOT NULL,
        period_s INTEGER NOT NULL,
        doubts TEXT NOT NULL,
        PRIMARY KEY (meter, profile, at, obis)
    ) WITHOUT ROWID;
    CREATE INDEX interval_by_age ON interval (at);
    CREATE TABLE coverage (
        meter TEXT NOT NULL,
        profile TEXT NOT NULL,
        after INTEGER NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (meter, profile, after)
    ) WITHOUT ROWID;
    CREATE TABLE event (  -- events that were told, so that a log that is read again tells none twice
        mrid TEXT PRIMARY KEY,
        meter TEXT NOT NULL,
        at INTEGER NOT NULL,
        told_at INTEGER NOT NULL,
        event_type TEXT NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX event_by_age ON event (told_at);
    CREATE INDEX event_of ON event (meter, at);
    CREATE TABLE standing (  -- states that have begun and not ended
        meter TEXT NOT NULL,
        log TEXT NOT NULL,
        code TEXT NOT NULL,
        row_set TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (meter, log, code, row_set)
    ) WITHOUT ROWID;
    CREATE TABLE place (  -- which meter answered at each place of the configuration
        name TEXT PRIMARY KEY,
        meter TEXT NOT NULL,
        manufacturer TEXT NOT NULL,
        serial TEXT NOT NULL,
        since INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE request (  -- what was asked of the gateway, and what it answered
        source TEXT NOT NULL,
        message_id TEXT NOT NULL,
        digest BLOB NOT NULL,  -- SHA-256 of the message: the same id with other bytes is another message
        received_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        acknowledged INTEGER NOT NULL DEFAULT 0,  -- 1: the sender was told that the answer comes later
        reply BLOB,
        replied_at INTEGER,
        PRIMARY KEY (source, message_id)
    );
    CREATE INDEX request_by_age ON request (received_at);
    CREATE TABLE behind (  -- the devices that were read through the meter at a place: of its M-Bus, of its PAN
        place TEXT NOT NULL,
        meter TEXT NOT NULL,
        through TEXT NOT NULL,
        manufacturer TEXT NOT NULL,
        serial TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (place, meter)
    ) WITHOUT ROWID;
    CREATE TABLE nonce (  -- of ReplayDetection: one that comes again is a message that was recorded and sent again
        source TEXT NOT NULL,
        nonce TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (source, nonce)
    ) WITHOUT ROWID;
    CREATE TABLE audit (  -- what was asked to be changed, by whom, and what came of it; a chain of digests
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        source TEXT NOT NULL,
        user TEXT NOT NULL,
        verb TEXT NOT NULL,
        noun TEXT NOT NULL,
        message_id TEXT NOT NULL,
        what TEXT NOT NULL,
        outcome TEXT NOT NULL,
        digest BLOB NOT NULL  -- SHA-256 of the row before and of this one
    );
    CREATE TABLE control_order (  -- one control of one device, from its acceptance to its outcome
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        ordered_by TEXT NOT NULL,  -- source and user
        request_id TEXT NOT NULL,  -- the CorrelationID of what is told of it
        mrid TEXT NOT NULL,
        tracking_id TEXT NOT NULL,
        place TEXT NOT NULL,
        control TEXT NOT NULL,
        body BLOB NOT NULL,  -- EndDeviceControls with this control
        accepted_at INTEGER NOT NULL,
        start_at INTEGER NOT NULL,
        latest_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        sent_at INTEGER,
        outcome TEXT NOT NULL
    );
    CREATE INDEX control_order_due ON control_order (state, start_at);
    CREATE TABLE read_schedule (  -- MeterReadSchedules of head ends
        id TEXT PRIMARY KEY,  -- the MessageID of the create
        source TEXT NOT NULL,
        request_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        done_until INTEGER NOT NULL  -- the last moment it was performed for
    );
    CREATE TABLE thing (  -- master data: one object of a message, under its kind and mRID or name
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        noun TEXT NOT NULL,
        names TEXT NOT NULL,  -- its other names, one a line
        body BLOB NOT NULL,  -- the noun's message with this one object
        source TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (kind, id)
    );
    CREATE TABLE linkage (  -- MasterDataLinkageConfigs, until and after they took effect
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        request_id TEXT NOT NULL,
        verb TEXT NOT NULL,
        effective_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        state TEXT NOT NULL
    );
    CREATE INDEX linkage_due ON linkage (state, effective_at);
    CREATE TABLE belongs (  -- what a meter's place belongs to, from a moment on
        place TEXT NOT NULL,
        kind TEXT NOT NULL,  -- UsagePoint, CustomerAgreement, ...
        id TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        source TEXT NOT NULL,
        PRIMARY KEY (place, kind, id, since)
    ) WITHOUT ROWID;
    """,
)


def migrate(connection: Connection) -> None:
    """Bring the file to this version, each step whole or not at all. Raises ValueError for a file of a later version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise ValueError(f"the store is of version {version}; this metergate knows up to {len(MIGRATIONS)}")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute("COMMIT")


def _statements(script: str) -> list[str]:
    lines = [line.partition("--")[0] for line in script.splitlines()]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]
