"""Serves an emulated COSEM meter: on a pty (HDLC at once, or after a sign-on of mode E), over TCP and over UDP."""

from __future__ import annotations

from urllib.parse import urlsplit

from hil.catalogue import EmulateArguments, data_file
from hil.dlms.faults import FAULTS, DlmsFaults
from hil.dlms.meter import Meter
from hil.dlms.profile import LineRule, build, line_rule, load, numbered
from hil.dlms.serial_meter import serve_mode_e, serve_serial
from hil.dlms.socket_meter import Place, ServeSocket, serve_hdlc, serve_udp, serve_wrapper

#: What --listen may name -> the link.
_SCHEMES = {"dlms": "wrapper", "dlms+udp": "udp", "dlms+hdlc": "hdlc"}


async def serve(arguments: EmulateArguments) -> None:
    """Serve ``arguments.profile`` until cancelled. Raises ValueError for a fault or a scheme it does not know."""
    data = numbered(load(data_file(arguments.profile)), arguments.number)
    faults = DlmsFaults(arguments.faults, FAULTS)
    if "clock-garbage" in faults:
        data.setdefault("clock", {})["trailing"] = "A5" * faults.number("clock-garbage")
    line, meter = line_rule(data), build(data)
    _arm(meter, faults)
    if arguments.listen:
        await _listen(arguments, meter, line, faults)
    elif line.link == "serial":
        await serve_serial(arguments, meter, line, faults)
    elif line.link == "mode-e":
        await serve_mode_e(arguments, meter, line, faults, data["sign_on"])
    else:
        await _socket(line.link)(Place("127.0.0.1", 0, ""), arguments, meter, line, faults)


def _arm(meter: Meter, faults: DlmsFaults) -> None:
    """Faults that are the meter's own state."""
    meter.keys.spoil = faults.spoil_tag
    if "counter-demand" in faults:
        meter.keys.heard = faults.number("counter-demand") - 1
    if "deciphering-error" in faults:
        meter.keys.counter_error = False


async def _listen(arguments: EmulateArguments, meter: Meter, line: LineRule, faults: DlmsFaults) -> None:
    where = urlsplit(arguments.listen)
    if where.scheme not in _SCHEMES or not where.hostname:
        schemes = ", ".join(f"{scheme}://HOST:PORT" for scheme in _SCHEMES)
        raise ValueError(f"cannot listen at {arguments.listen!r}; write {schemes}")
    place = Place(where.hostname, where.port or 0, f"{where.scheme}://")
    await _socket(_SCHEMES[where.scheme])(place, arguments, meter, line, faults)


def _socket(link: str) -> ServeSocket:
    return {"hdlc": serve_hdlc, "wrapper": serve_wrapper, "udp": serve_udp}[link]
