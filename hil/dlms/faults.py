"""What can go wrong at an emulated COSEM meter, and the habits of real servers that a client must bear.

name -> (default value, what it does). Durations are ms. Frames are counted from 1 over a whole run, the UA included.
"""

from __future__ import annotations

from hil.faults import WIRE_FAULTS, Faults

#: On every link.
SESSION_FAULTS: dict[str, tuple[str, str]] = {
    "silent": ("", "never answers"),
    "refuse-association": ("", "every association is refused, permanently, with no reason"),
    "stale-association": ("60000", "one that was not released keeps every other out for this long"),
    "late-reply": ("3000", "the third answer comes this much later"),
    "truncated-apdu": (
        "20",
        "the first long response of a service is cut after so many bytes, in a frame that is whole",
    ),
    "close-mid-block": (
        "2",
        "after so many blocks of a GET the connection is closed; on a serial line the meter falls silent",
    ),
    "drop-mid-block": ("20", "as close-mid-block, but once: the next connection is served"),
    "malformed-last-block": ("", "the last block of a GET lacks its last two bytes"),
    "wrong-block-number": ("", "the second block of a GET says it is the third"),
    "wrong-invoke-id": ("", "the first answer to a GET carries another invoke-id"),
    "list-blocks-03": ("", "the first block of a GET-with-list has choice 03, as servers that forgot to change it"),
    "wrong-tag": ("", "the tag of every ciphered answer is wrong"),
    "wrong-tag-once": ("", "the tag of the second ciphered answer is wrong"),
    "counter-demand": ("100000", "takes only invocation counters from this one on"),
    "deciphering-error": ("", "answers a low counter with a deciphering error, which names none"),
    "glo-only": ("", "no general protection: what comes in general-glo or the like is not answered with a value"),
    "gmac-16": ("", "challenges longer than 16 bytes are refused"),
    "event-notification": (
        "3",
        "before the answer to this request an event notification says that the terminal cover was removed",
    ),
    "gbt-unasked": ("", "general block transfer although the client did not propose it"),
    "kill-unknown": ("", "closes the connection on a service, method or object it does not know"),
    "clock-garbage": ("3", "so many bytes of garbage behind the twelve of the clock"),
    "protocol-version": ("", "the AARE says the protocol version, which is the default (80 02 07 80)"),
    "hls-bare": ("", "the AARE of HLS has diagnostic 0 and no mechanism name, but a challenge"),
    "aare-bare": ("", "the AARE has no user information"),
    "context-03": ("", "the AARE of an unciphered association names the ciphered context"),
    "vaa-0007": ("", "the initiate response of short names has the VAA name of logical ones"),
    "rlre-wrong-length": ("", "the RLRE says a length of 11 and has 3 bytes"),
    "rlre-empty": ("", "the RLRE is 63 00"),
    "sn-list-in-blocks": ("", "a single read in blocks carries count and choice"),
}
#: On TCP.
TCP_FAULTS: dict[str, tuple[str, str]] = {
    "power-fails": (
        "5000",
        "this long after it was first spoken to the supply fails for three seconds; the log says so afterwards",
    ),
    "cover-opens": ("5000", "this long after it was first spoken to its terminal cover is taken off; the log says so"),
    "one-connection": ("", "a second connection is closed at once while there is one"),
}
#: On HDLC.
FRAME_FAULTS: dict[str, tuple[str, str]] = {
    "fcs-7e": ("", "segments are cut where the check sequence ends in 7E, which is the flag's value"),
    "lost-frame": ("4", "this frame of the meter is lost"),
    "lost-frames": ("7", "every so-many-th frame of the meter is lost"),
    "deaf-frame": ("4", "this frame of the client is lost"),
    "repeat-frame": ("4", "this frame of the meter comes twice"),
    "wrong-fcs": ("4", "this frame of the meter has a wrong check sequence"),
    "noise": ("5", "so many bytes of noise before every frame"),
    "rnr": ("1", "before this answer the meter says it is not ready"),
    "dm": ("3", "this information frame of the client is answered with DM: the link is down"),
    "frmr": ("3", "this information frame of the client is rejected with FRMR"),
    "unasked-ui": ("", "a UI frame of its own before every answer"),
    "exception-no-llc": ("", "an exception response comes without the LLC header"),
    "snrm-parameters": ("", "an SNRM without parameters is not answered"),
    "nr-0": ("", "the first information frame acknowledges nothing"),
    "no-negotiation": ("", "the UA is empty: the defaults count"),
}

FAULTS: dict[str, tuple[str, str]] = {**WIRE_FAULTS, **SESSION_FAULTS, **TCP_FAULTS, **FRAME_FAULTS}


class DlmsFaults(Faults):
    """The faults of one emulator, with what has been counted so far."""

    blocks = 0
    answers = 0
    requests = 0
    sealed = 0

    def spoil_tag(self, sealed: bytes) -> bytes:
        """A sealed APDU, its tag wrong when that is asked for."""
        self.sealed += 1
        if "wrong-tag" in self or (self.sealed == 2 and self.once("wrong-tag-once")):
            return sealed[:-1] + bytes([sealed[-1] ^ 0x15])
        return sealed

    def spoil_plain(self, response: bytes) -> bytes:
        """A response of the services, before it is protected."""
        if response[:1] != b"\xc4":
            return response
        made = bytearray(response)
        if self.once("wrong-invoke-id"):
            made[2] ^= 0x0F
        if made[1] == 2:
            self.blocks += 1
            if self.blocks == 2 and self.once("wrong-block-number"):
                made[7] += 1
            if made[3] and "malformed-last-block" in self:
                del made[-2:]
        return bytes(made)

    def spoil_apdu(self, apdu: bytes) -> bytes:
        """What goes out, after protection."""
        service = apdu[:1] and apdu[0] not in (0x61, 0x63)
        if (
            service
            and "truncated-apdu" in self
            and len(apdu) > 2 * self.number("truncated-apdu")
            and self.once("truncated-apdu")
        ):
            return apdu[: self.number("truncated-apdu")]
        return apdu

    @property
    def closes(self) -> bool:
        """Whether it is time to close the connection in the middle of blocks."""
        return any(
            name in self and self.blocks >= self.number(name) and (name == "close-mid-block" or self.once(name))
            for name in ("close-mid-block", "drop-mid-block")
        )
