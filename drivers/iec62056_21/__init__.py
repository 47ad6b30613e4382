"""IEC 62056-21: meters read through the optical probe, RS-232, current loop or a modem, in modes A to E."""
