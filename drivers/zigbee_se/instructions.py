"""What the energy services interface tells its devices: prices, texts, load controls, and their cancellation (SE 1.4, D.2 to D.5).

Each has ``fields``, its payload by the names of the definitions, and ``of``, the way back. ``issuer_event_id`` orders events
of one issuer: a higher one is newer and replaces. ``start`` None is now; ``duration_min`` None is until it is changed.
"""

from drivers.zigbee_se.instruction_values import CannotSay
from drivers.zigbee_se.load_control import DEVICE_CLASSES, CancelLoadControl, LoadControl
from drivers.zigbee_se.message import CancelMessage, Message
from drivers.zigbee_se.price import Price

__all__ = [
    "DEVICE_CLASSES",
    "CancelLoadControl",
    "CancelMessage",
    "CannotSay",
    "Instruction",
    "LoadControl",
    "Message",
    "Price",
]

Instruction = Price | Message | CancelMessage | LoadControl | CancelLoadControl
