"""What can go wrong at an emulated meter of IEC 62056-21: name -> (default value, what it does). Durations are ms."""

from __future__ import annotations

from hil.faults import WIRE_FAULTS

FAULTS: dict[str, tuple[str, str]] = {
    **WIRE_FAULTS,
    "tr": ("200", "reaction time T_r"),
    "late-tr": ("1490", "reaction time T_r at the end of what is allowed"),
    "silent": ("", "never answers"),
    "noise": ("5", "so many bytes of noise before the identification"),
    "rubout": ("5", "so many rubouts (7F) before the identification"),
    "wrong-bcc-once": ("", "the first block has a wrong BCC"),
    "wrong-bcc": ("", "every block has a wrong BCC"),
    "lost-char": ("40", "this character of the first block is lost"),
    "parity-error": ("40", "this character of the first block has its parity bit wrong"),
    "flipped-bit": ("40", "this character of the first block has its lowest bit wrong"),
    "gap": ("1400", "a pause this long in the middle of a block"),
    "stop-mid-block": ("60", "falls silent after so many characters of a block"),
    "ack-echo": ("", "prints the option select line back before STX"),
    "mode-b-jump": ("", "switches to its baud by itself after the identification"),
    "refuse-baud": ("", "stays at 300 Bd whatever was agreed"),
    "b0-on-password": ("", "answers a password with a break"),
    "error": ("", "answers (ERROR)"),
    "lf-only": ("", "ends lines with LF alone"),
    "big-block": ("65536", "a block of at least so many characters"),
    "bcc-newline": ("", "a block whose BCC is a line feed"),
    "no-bcc": ("", "ends after ETX"),
    "break-after-block": ("", "appends a break message to a block"),
    "half-row": ("", "the last row of a load profile is cut"),
    "second-header": ("", "a load profile's status changes in the middle of every answer"),
    "reset-300": ("60000", "falls back to 300 Bd without a word after this time without a command"),
    "unplug": ("60", "the probe is pulled after so many characters of a block"),
    "replug": ("2000", "a pulled probe comes back after this time, as another pty"),
    "no-parity": ("", "characters come with bit 7 clear, as from a UART that strips parity"),
}
