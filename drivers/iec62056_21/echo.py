"""What a probe gives back of what was sent through it: reflections under the head, or a head made so.

The echo of a message can look like a message, so it is taken off before anything is looked for. Some heads lose characters
of it: the echo is followed character by character, and missing ones are passed over.
"""

from __future__ import annotations

#: So many characters may be missing at the start, where an answer's first character must not be taken for a later one of
#: the message, and so many anywhere else.
_MISSING_FIRST, _MISSING = 2, 12


def without(wire: bytes, sent: bytes) -> bytes | None:
    """``wire`` without the echo of ``sent`` at its start; ``wire`` itself where it does not start with one.

    None while what has come may still be an echo that is not complete.
    """
    at = seen = 0
    for value in wire:
        found = sent.find(value, at, at + 1 + (_MISSING if at else _MISSING_FIRST))
        if found < 0:
            break
        at = found + 1
        seen += 1
    if wire and seen == len(wire) and at < len(sent):
        return None
    # Half of the message is no accident. An answer's first character is none of the first three of any message.
    return wire[seen:] if seen * 2 >= len(sent) else wire
