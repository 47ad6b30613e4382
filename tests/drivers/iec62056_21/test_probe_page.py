"""docs/optical-probe.md says every parameter of a URL, and nothing that is not one."""

from __future__ import annotations

import re
from pathlib import Path

from drivers.iec62056_21.driver import PARAMETERS


def test_every_parameter_is_on_the_page(repository: Path) -> None:
    page = (repository / "docs" / "optical-probe.md").read_text()
    assert set(re.findall(r"`\?([a-z0-9]+)=", page)) == set(PARAMETERS)
