"""Work on a home area network that a running gateway holds: through the socket in its state folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from drivers import errors
from drivers.errors import MeterError, NoAnswer, UsageError
from gateway.acquisition.pan_socket import SOCKET
from gateway.config.load import load, state_of
from gateway.pan_work import Line, Read, Request, Work

#: Octets of a line at the most: one record, or what a network's devices are.
_LONGEST = 2**20


async def lines(network: str, work: Work | Read, file: Path) -> AsyncIterator[Line]:
    """The lines of the work on a network of the gateway with this configuration. Raises what the gateway raised, NoAnswer
    when it does not run, UsageError.
    """
    path = state_of(load(file)).parent / SOCKET
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=_LONGEST)
    except PermissionError:
        raise UsageError("only the gateway's own user may work on it", where=str(path), do="use sudo") from None
    except OSError as error:
        do = "start it, or name the stick itself (zigbee:/dev/ttyACM0)"
        raise NoAnswer(f"the gateway of {file} does not run, or has no network ({error.strerror})", do=do) from None
    try:
        writer.write(Request(network=network, work=work).model_dump_json().encode() + b"\n")
        await writer.drain()
        while text := await reader.readline():
            line = json.loads(text)
            if line["type"] == "done":
                return
            if line["type"] == "error":
                raise _error(line)
            yield line
    finally:
        writer.close()
    raise NoAnswer("the gateway broke off", where=str(path))


def _error(line: Line) -> MeterError:
    kind = getattr(errors, str(line["kind"]), MeterError)
    return kind(line["what"], where=line["where"], do=line["do"])
