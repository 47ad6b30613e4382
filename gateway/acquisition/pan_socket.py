"""A technician at a gateway that runs: the home area networks that it holds, worked on through a socket in its state folder.

A connection brings one line, a ``gateway.pan_work.Request`` in JSON, and gets the lines of its work; the last one is
``{"type": "done"}`` or an error. Who hangs up before ends the work. What changes something goes into the audit log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path

from drivers.errors import MeterError, UsageError
from gateway import json_format
from gateway.acquisition.networks import Network
from gateway.cim.classified import classify
from gateway.cim.obis_rules import Rules
from gateway.pan_work import Devices, Read, Request, Status
from gateway.store import audit
from gateway.store.store import Store

_log = logging.getLogger("metergate")
#: In the folder of the store: who can open it can read the store as well.
SOCKET = "pan.sock"
#: struct ucred (unix(7)): process, user and group of the other end.
_PEER = struct.Struct("3i")


class PanSocket:
    """The socket at ``path``, for the networks by their names. ``serve`` until cancelled."""

    def __init__(self, path: Path, networks: Mapping[str, Network], store: Store, now: Callable[[], datetime]) -> None:
        self._path = path
        self._networks = networks
        self._store = store
        self._now = now

    async def serve(self) -> None:
        """Raises UsageError when it cannot listen."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.bind(str(self._path))
            self._path.chmod(0o600)
            server = await asyncio.start_unix_server(self._converse, sock=listening)
        except OSError as error:
            listening.close()
            what = f"technicians cannot be served there ({error.strerror or error})"
            raise UsageError(what, where=str(self._path)) from error
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The end of the gateway cancels who is still served; asyncio would log that as an error.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError), contextlib.closing(writer):
            try:
                request = Request.model_validate_json(await reader.readline())
            except ValueError:
                error = UsageError("this is no request of a technician", where=str(self._path))
                await _send(writer, _last(error))
                return
            answering = asyncio.create_task(self._answer(request, writer))
            gone = asyncio.create_task(reader.read(1))
            try:
                await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                answering.cancel()
            await answering

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        outcome = "broken off"
        try:
            async for line in self._lines(request):
                await _send(writer, line)
            outcome = "OK"
            await _send(writer, json_format.line({"type": "done"}))
        except MeterError as error:
            outcome = str(error)
            await _send(writer, _last(error))
        finally:
            if not isinstance(request.work, Status | Devices | Read):
                self._note(request, _user(writer), outcome)

    async def _lines(self, request: Request) -> AsyncIterator[str]:
        network = self._networks.get(request.network)
        if network is None:
            known = ", ".join(self._networks)
            raise UsageError(f"the gateway holds no network {request.network!r}", do=f"it holds {known}")
        pan = network.pan
        if isinstance(request.work, Read):
            yield await self._read(network, request.work)
            return
        async with contextlib.aclosing(request.work.on(pan)) as lines:
            async for line in lines:
                yield json_format.line(line)

    async def _read(self, network: Network, work: Read) -> str:
        records = [record async for record in network.registers(work.device)]
        return json_format.render(classify(records, Rules.load())).decode()

    def _note(self, request: Request, user: str, outcome: str) -> None:
        """Into the audit log: who did what, and what came of it. An install code is not said."""
        said = request.work.model_dump(exclude={"do", "code"}, exclude_none=True)
        what = " ".join([request.work.do, "at", request.network, *(f"{name}={value}" for name, value in said.items())])
        _log.info("technician %s: %s: %s", user, what, outcome)
        entry = audit.Entry(self._now(), "technician", user, request.work.do, "network", "", what, outcome)
        self._store.write(partial(audit.append, entry=entry)).add_done_callback(_noted)


async def _send(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode())
    await writer.drain()


def _last(error: MeterError) -> str:
    said = {"what": error.what, "where": error.where, "do": error.do}
    return json_format.line({"type": "error", "kind": type(error).__name__, **said})


def _user(writer: asyncio.StreamWriter) -> str:
    """Who is at the other end, by name where there is one."""
    _, user, _ = _PEER.unpack(
        writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    )
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _noted(future: Future[bytes]) -> None:
    if (error := future.exception()) is not None:
        _log.error("the audit log does not have it: %s", error)
