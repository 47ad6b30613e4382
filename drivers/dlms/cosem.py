"""How COSEM objects are named in a request: by class, logical name and attribute or method, or by short name."""

from __future__ import annotations

from typing import NamedTuple

from drivers.reading import Obis


class Attribute(NamedTuple):
    """One attribute of an object; ``number`` counts from 1, the logical name."""

    class_id: int
    obis: Obis
    number: int

    def __str__(self) -> str:
        return f"{self.obis} class {self.class_id} attribute {self.number}"


class Method(NamedTuple):
    """One method of an object; ``number`` counts from 1."""

    class_id: int
    obis: Obis
    number: int

    def __str__(self) -> str:
        return f"{self.obis} class {self.class_id} method {self.number}"


class Selection(NamedTuple):
    """Selective access: ``selector`` and its parameters as A-XDR data."""

    selector: int
    parameters: bytes

    def to_bytes(self) -> bytes:
        return bytes((self.selector,)) + self.parameters


class ClassId:
    """Interface classes this driver knows by name (IEC 62056-6-2)."""

    DATA, REGISTER, EXTENDED_REGISTER, DEMAND_REGISTER, REGISTER_ACTIVATION = 1, 3, 4, 5, 6
    PROFILE_GENERIC, CLOCK, SCRIPT_TABLE, ASSOCIATION_SN, ASSOCIATION_LN, SAP_ASSIGNMENT = 7, 8, 9, 12, 15, 17
    IMAGE_TRANSFER, PUSH_SETUP, DISCONNECT_CONTROL, LIMITER, MBUS_CLIENT = 18, 40, 70, 71, 72
    SECURITY_SETUP = 64


#: Names for people; others are kept and shown by number.
CLASS_NAMES = {
    1: "Data", 3: "Register", 4: "Extended register", 5: "Demand register", 6: "Register activation",
    7: "Profile generic", 8: "Clock", 9: "Script table", 10: "Schedule", 11: "Special days table",
    12: "Association SN", 15: "Association LN", 17: "SAP assignment", 18: "Image transfer", 19: "IEC local port setup",
    20: "Activity calendar", 21: "Register monitor", 22: "Single action schedule", 23: "IEC HDLC setup",
    26: "Utility tables", 27: "Modem configuration", 28: "Auto answer", 29: "Auto connect", 40: "Push setup",
    41: "TCP-UDP setup", 42: "IPv4 setup", 43: "MAC address setup", 44: "PPP setup", 45: "GPRS modem setup",
    47: "GSM diagnostic", 48: "IPv6 setup", 61: "Register table", 62: "Compact data", 64: "Security setup",
    65: "Parameter monitor", 68: "Arbitrator", 70: "Disconnect control", 71: "Limiter", 72: "M-Bus client",
    111: "Account", 112: "Credit", 113: "Charge", 115: "Token gateway", 122: "Function control",
}  # fmt: skip


def class_name(class_id: int) -> str:
    """A class in words; ``class 9999`` where it is not known."""
    return CLASS_NAMES.get(class_id, f"class {class_id}")
