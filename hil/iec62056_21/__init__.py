"""Emulated meters of IEC 62056-21, written from the standard's facts and not from the driver."""
