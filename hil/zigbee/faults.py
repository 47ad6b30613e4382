"""What can go wrong at the emulated stick: name -> (default value, what it does). Durations are ms."""

from __future__ import annotations

FAULTS: dict[str, tuple[str, str]] = {
    "ezsp": ("13", "the version of EZSP the stick speaks: 8, 13, 14 or 18"),
    "formed": ("", "the network is there already, and every device is in it with a link key of its own"),
    "minute": ("60000", "how long a minute of a load control event lasts"),
    "fragments": ("", "devices answer a long read in fragments, instead of with what fits one frame"),
    "library": ("", "the firmware has the library of key establishment, and certificates of the bench in its tokens"),
    "noise": ("3", "so many frames of a hundred are spoilt, lost or doubled, both ways"),
    "seed": ("1", "which frames the noise takes"),
    "hang": ("5000", "so long after its first message the stick acknowledges, and answers no more until it is reset"),
    "dead": ("5000", "so long after its first message the stick says nothing at all until it is reset"),
    "reset": ("5000", "so long after its first message the stick resets of itself"),
    "fatal": ("5000", "so long after its first message the stick reports an error and waits for a reset"),
    "unplug": ("5000", "so long after its first message the stick is pulled out"),
    "replug": ("1000", "a stick that was pulled out comes back after this time, as another pty"),
}
