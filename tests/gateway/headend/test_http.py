"""The door over HTTP: who it is, and the answer the same way."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from gateway.messages import codec
from gateway.messages.envelope import FaultMessage, ResponseMessage, Result

Ask = Callable[..., bytes]
TOKEN = b"a token of the bench"


async def post(url: str, body: bytes, token: bytes | None = TOKEN) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token.decode()}"} if token else {}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=body, headers=headers, timeout=60)


async def test_a_request_is_answered(url: str, get_readings: Ask) -> None:
    got = await post(url, get_readings())
    message = codec.read(got.content).message
    assert (got.status_code, got.headers["content-type"]) == (200, "application/xml; charset=utf-8")
    assert isinstance(message, ResponseMessage)
    assert message.reply.result is Result.OK


@pytest.mark.parametrize(("given", "code"), [(None, "7.2"), (b"another", "7.4")])
async def test_who_is_not_known_is_told_so(url: str, get_readings: Ask, given: bytes | None, code: str) -> None:
    got = await post(url, get_readings(), given)
    message = codec.read(got.content).message
    assert got.status_code == 401
    assert got.headers["www-authenticate"] == "Bearer"
    assert isinstance(message, FaultMessage)
    assert message.reply.error[0].code == code


async def test_a_wsdl_is_given_with_the_address_it_was_asked_at(url: str) -> None:
    at = url.replace("messages", "services/GetMeterReadings")
    async with httpx.AsyncClient(trust_env=False) as client:
        got = await client.get(f"{at}?wsdl", timeout=60)
    assert got.status_code == 200
    assert f'location="{at}"' in got.text


async def test_what_is_too_large_is_refused(url: str) -> None:
    got = await post(url, b"x" * 100_001)
    assert got.status_code == 413
    assert codec.read(got.content).message.reply.error[0].code == "3.1"
