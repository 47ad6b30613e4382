"""Emulated Modbus devices: any device map served as a meter, on a paced line or a socket, with what goes wrong in the field."""
