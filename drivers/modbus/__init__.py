"""Modbus: bus discipline, block plan, decoding of registers, SunSpec. Serial RTU, RTU over TCP, TCP and TLS."""
