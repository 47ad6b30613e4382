"""The times of a conversation, seconds (IEC 62056-21, 6.4.3, and what real gear takes)."""

from __future__ import annotations

#: Every session begins at this speed (5.2).
START_BAUD = 300
#: The first character of an answer: T_r is 1.5 s at most (6.4.3.1); real gear is slower, modems more so (field).
FIRST_BYTE_S = 2.2
#: Between two characters: T_a is 1.5 s at most (6.4.3.1); the rest is a USB probe's and a busy gateway's.
GAP_S = 2.0
#: From CR to LF at 300 Bd: 33 ms, and 16 ms of a USB chip's latency timer. Some meters send none.
LINE_FEED_S = 0.06
#: Longer messages have not been seen, and a babbling line must end.
MOST_BYTES = 1 << 18
#: How often a request or a block is asked for again.
REPEATS = 1
#: A meter that got no option select goes back to 300 Bd, and may first send its data: t_t is 2.2 s at most (6.4.3.2).
SETTLE_S = 2.3
#: NULs that wake a battery meter: 2.1 to 2.3 s at 300 Bd, back to back (annex B); then silence of 1.5 to 1.7 s.
WAKE_UP = bytes(66)
AWAKE_AFTER_S = 1.6
