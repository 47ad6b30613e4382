"""The README names every command and every page: what is not found there does not exist for a newcomer."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.cli.verbs import VERBS


def test_every_command_is_in_the_readme(repository: Path) -> None:
    text = (repository / "README.md").read_text()
    assert set(VERBS) <= set(re.findall(r"`metergate ([a-z]+)", text))


def test_every_page_is_linked_and_every_link_leads_somewhere(repository: Path) -> None:
    text = (repository / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)#:]+)\)", text))
    pages = {str(page.relative_to(repository)) for page in (repository / "docs").glob("*.md")}
    assert pages <= linked
    assert not [link for link in linked if not (repository / link).exists()]
