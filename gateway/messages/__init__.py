"""IEC 61968-9 payloads and the IEC 61968-100 envelope."""
