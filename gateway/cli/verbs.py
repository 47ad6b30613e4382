"""The verbs, each a file of this package with a click command of the same name, and what ``--help`` says of each.

The help texts stand here so that ``metergate --help`` imports no verb.
"""

from __future__ import annotations

#: verb -> (module, its line in the help). The command in the module has the verb's name.
VERBS: dict[str, tuple[str, str]] = {
    "run": ("gateway.cli.run", "The gateway: read what is due, deliver it, lose nothing."),
    "check": ("gateway.cli.check", "Check a configuration, everything that is wrong at once."),
    "status": ("gateway.cli.status", "What a gateway has read, what waits, what was lost."),
    "outbox": ("gateway.cli.outbox", "The messages that wait, and those a sink refused."),
    "replay": ("gateway.cli.replay", "Refused messages back into the queue."),
    "bundle": ("gateway.cli.bundle", "What one needs who is to help with a gateway, in one file, without secrets."),
    "request": ("gateway.cli.request", "Ask a gateway as a head end would, and see what it answers."),
    "audit": ("gateway.cli.audit", "What head ends had changed, and whether that log was tampered with."),
    "submit": ("gateway.cli.submit", "Readings that a person took: from a file, a probe or a dial."),
    "explain": ("gateway.cli.explain", "A code in words: OBIS, ReadingType, event, quality; and which rule maps it."),
    "emulate": ("gateway.cli.emulate", "An emulated meter on a pty or socket, for anyone's client."),
    "doctor": ("gateway.cli.doctor", "Look at a serial port and tell what to change."),
    "read": ("gateway.cli.read", "Read a meter once and print its registers."),
    "scan": ("gateway.cli.scan", "Find what answers on a line, by which map, and what would be read."),
    "events": (
        "gateway.cli.events",
        "Read the logs of a meter, each entry as an event; or with -c the events a gateway told.",
    ),
    "clock": ("gateway.cli.clock", "Read a meter's clock beside the gateway's, and set it."),
    "map": ("gateway.cli.map", "Device maps: list, show, check them, begin a new one."),
    "message": ("gateway.cli.message", "Check, show and make messages of IEC 61968-9; write their schemas."),
    "decode": ("gateway.cli.decode", "Read captured bytes, with no port."),
    "control": ("gateway.cli.control", "What a device's map or SunSpec allows to be written, by name; read back."),
    "relay": ("gateway.cli.relay", "A meter's supply switch: its state, connect, disconnect."),
    "pan": ("gateway.cli.pan", "A Zigbee stick and its network: state, devices, let one in, read, prices, texts."),
    "keys": ("gateway.cli.keys", "Secrets of meters: set, list, and test them against the meter."),
}
