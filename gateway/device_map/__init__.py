"""Device maps: a meter of a known protocol is one TOML file in ``device_maps/`` (its README says the format).

The loader checks a file against the models of this package and gives the dataclasses that the drivers declare; a
driver knows no file. A new protocol's section is one module here and one line in ``sections.SECTIONS``.
"""

from gateway.device_map.catalogue import all_maps, find, meter_map, names
from gateway.device_map.loader import DeviceMap, MapError, load, load_text

__all__ = ["DeviceMap", "MapError", "all_maps", "find", "load", "load_text", "meter_map", "names"]
