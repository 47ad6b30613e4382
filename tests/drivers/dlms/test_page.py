"""docs/dlms.md names every parameter, authentication and style that there is."""

from __future__ import annotations

from pathlib import Path

from drivers.dlms.security_context import Style
from drivers.dlms.settings import CONTROLS, MECHANISMS, PARAMETERS
from gateway.cli.keys import WHICH


def test_every_parameter_is_on_the_page(repository: Path) -> None:
    page = (repository / "docs" / "dlms.md").read_text()
    #: of the sign-on of IEC 62056-21, on its own page
    others = {"address"}
    #: of a Zigbee stick, not of a DLMS meter
    keys = [which for which in WHICH if not which.startswith("cs")]
    for word in [*(set(PARAMETERS) - others), *MECHANISMS, *CONTROLS, *Style, *keys]:
        assert f"`{word}`" in page, word
