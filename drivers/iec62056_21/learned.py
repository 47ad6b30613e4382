"""What worked with one meter: found out by trying, kept by the caller, given to the next driver of the same meter."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Learned:
    """Changed by the driver when a try worked that was not the first. All of it may be forgotten: it is only time saved.

    ``battery``: it lives on its battery, as the map of its identification says. ``most_baud``: no speed above it is agreed to. ``reaction_s``: the pause kept before the option select message, where
    the one of the meter's class was too short. ``confirms_mode_e``: whether the meter says the option select line back
    in mode E; None when it was never asked. ``serials``: the serial number of a meter by its identification and the operand
    of its P0, where the operand holds that number and so tells the meter from any other.
    """

    battery: bool = False
    most_baud: int = 115200
    reaction_s: float = 0.0
    confirms_mode_e: bool | None = None
    serials: dict[tuple[str, str], str] = field(default_factory=dict)
