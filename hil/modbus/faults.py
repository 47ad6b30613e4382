"""What can go wrong at an emulated Modbus device: name -> (default value, what it does). Durations are ms."""

from __future__ import annotations

from hil.faults import WIRE_FAULTS

FAULTS: dict[str, tuple[str, str]] = {
    **WIRE_FAULTS,
    "silent": ("", "never answers"),
    "silent-once": ("", "does not answer the first request"),
    "silent-unit": ("2", "this unit id never answers, the others do"),
    "turnaround": ("20", "time from the end of a request to the answer"),
    "slow": ("500", "as turnaround, for a device under load"),
    "late": ("1200", "the first answer comes this long after its request"),
    "late-every": ("3", "every so-many-th answer comes as late as `late` says"),
    "crc": ("", "every answer has a wrong CRC"),
    "crc-once": ("", "the first answer has a wrong CRC"),
    "short": ("", "every answer to a read has one register, whatever was asked"),
    "short-once": ("", "the first answer to a read has one register, whatever was asked"),
    "wrong-function": ("", "every answer is one to the other read function"),
    "wrong-function-once": ("", "the first answer is one to the other read function"),
    "wrong-unit-once": ("", "the first answer comes from the next unit id"),
    "noise-before": ("2", "so many bytes of noise before every answer"),
    "noise-after": ("2", "so many bytes of noise after every answer"),
    "cut": ("9", "the first answer ends after so many bytes"),
    "gap": ("50", "a pause this long in the middle of every answer"),
    "block-limit": ("10", "refuses requests for more registers than this, with exception 2"),
    "busy-once": ("", "refuses the first request with exception 6"),
    "exception": ("4", "refuses everything with this exception"),
    "starting": ("3", "refuses so many requests with exception 2, as one that has just started"),
    "patient": ("", "answers even when the silence before the request was too short"),
    "unplug": ("3", "the cable is pulled after so many answers"),
    "replug": ("1000", "a pulled cable comes back after this time, as another pty"),
    "close-once": ("", "closes the connection in place of the second answer (TCP)"),
    "deaf": ("1", "after so many answers a connection is dead without a word, and a new one works (TCP)"),
    "units": ("1", "as many units as this, with ids from the first on"),
}
