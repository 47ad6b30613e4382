"""The rules, loaded once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.reading import Obis
from gateway.cim.obis_rules import Rules


@pytest.fixture(scope="session")
def rules() -> Rules:
    return Rules.load()


@pytest.fixture(scope="session")
def mapped(rules: Rules) -> Callable[..., str]:
    """OBIS code, unit and what else ``Rules.reading_type`` takes -> the ReadingType's name or the reason why not."""

    def name(obis: str, unit: str, *args: int | None, **more: object) -> str:
        result = rules.reading_type(Obis.parse(obis), unit, *args, **more)  # type: ignore[arg-type]
        return str(getattr(result, "reason", result))

    return name
