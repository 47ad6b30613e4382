"""docs/envelope.md is as it would be generated, and says when each code is sent that the program can send."""

from __future__ import annotations

from pathlib import Path

from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode, known_codes
from gateway.messages.envelope_page import PAGE, WHEN, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m gateway.messages.envelope_page"


SENT = {name: value for name, value in vars(reply_code).items() if isinstance(value, ReplyCode) and name.isupper()}


def test_every_code_that_can_be_sent_is_said_when() -> None:
    assert {ReplyCode.parse(code) for code in WHEN} == set(SENT.values()) <= set(known_codes())


def test_no_code_has_a_name_and_no_use(repository: Path) -> None:
    sources = "".join(file.read_text() for file in (repository / "gateway/messages").glob("*.py"))
    assert [name for name in SENT if name not in sources] == []
