"""docs/messages.md is as it would be generated: each message, its verbs, and what it was checked against."""

from __future__ import annotations

from gateway.messages.catalogue import PAYLOADS, Evidence
from gateway.messages.messages_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m gateway.messages.messages_page"


def test_each_message_is_on_it_once_with_its_evidence() -> None:
    lines = page().splitlines()
    for name, payload in PAYLOADS.items():
        (row,) = [line for line in lines if line.startswith(f"| {name} |")]
        assert ("| no: " in row) is (payload.evidence is not Evidence.ORACLE)
        assert all(f"`{verb}`" in row for verb in (*payload.says, *payload.hears))
