"""Data flows one way: nothing imports anything on its right (DESIGN, rule 1 and 'Floors')."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

#: From the ground up. A module may import from its own floor and from those below; the longest prefix counts.
FLOORS = [
    [
        "drivers.reading",
        "drivers.errors",
        "drivers.unit",
        "drivers.meter_url",
        "drivers.driver",
        "drivers.counter",
        "drivers.memory",
    ],
    ["drivers.link"],
    ["drivers.push", "drivers.crc16", "drivers.din43863_5", "drivers.amr_status"],
    [
        "drivers.iec62056_21",
        "drivers.p1",
        "drivers.d0",
        "drivers.sml",
        "drivers.dlms",
        "drivers.modbus",
        "drivers.zigbee_se",
    ],
    ["drivers.registry", "drivers.find_out"],
    ["gateway.cim"],
    [
        "gateway.messages",
        "gateway.store",
        "gateway.device_map",
        "gateway.keys",
        "gateway.pan_controls",
        "gateway.pan_work",
        "gateway.json_format",
        "gateway.json_records",
        "gateway.backoff",
        "gateway.states",
        "gateway.systemd",
    ],
    ["gateway.acquisition", "gateway.config", "gateway.headend", "gateway.sinks"],
    ["gateway.app", "gateway.metrics", "gateway.parts"],
    ["gateway.cli", "gateway.web"],
]
FLOOR = {module: number for number, floor in enumerate(FLOORS) for module in floor}

#: A protocol may use another's session only where the standards do.
PROTOCOLS = FLOORS[3]
ALLOWED_BETWEEN_PROTOCOLS = {
    ("drivers.dlms", "drivers.iec62056_21"),  # DLMS over mode E
    ("drivers.p1", "drivers.iec62056_21"),  # P1 and D0 telegrams are mode D data sets
    ("drivers.d0", "drivers.iec62056_21"),
}


def place(module: str) -> str | None:
    """The longest prefix of ``module`` that has a floor."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:length])) in FLOOR:
            return prefix
    return None


def imports(file: Path, root: Path) -> set[str]:
    """Every module that ``file`` imports, functions' own imports included, relative ones made absolute."""
    package = file.relative_to(root).with_suffix("").parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level]) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def ours(root: Path, *packages: str) -> list[Path]:
    return [file for package in packages for file in sorted((root / package).rglob("*.py"))]


def test_nothing_imports_to_its_right(repository: Path) -> None:
    wrong = []
    for file in ours(repository, "drivers", "gateway"):
        module = ".".join(file.relative_to(repository).with_suffix("").parts).removesuffix(".__init__")
        here = place(module)
        if here is None:
            if module not in ("drivers", "gateway"):
                wrong.append(f"{module} stands on no floor: give it one in {Path(__file__).name}")
            continue
        for target in imports(file, repository):
            there = place(target)
            if there is None or there == here:
                continue
            if FLOOR[there] > FLOOR[here]:
                wrong.append(f"{module} imports {target}, which lies to its right")
            if here in PROTOCOLS and there in PROTOCOLS and (here, there) not in ALLOWED_BETWEEN_PROTOCOLS:
                wrong.append(f"{module} imports {target}: one protocol may not use another's session here")
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_the_bench_imports_nothing_of_the_product(repository: Path) -> None:
    wrong = [
        f"{file.relative_to(repository)} imports {target}"
        for file in ours(repository, "hil")
        for target in imports(file, repository)
        if target.split(".")[0] in ("drivers", "gateway")
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_known_top_level_packages_hold_code(repository: Path) -> None:
    allowed = {"drivers", "gateway", "device_maps", "hil", "tests"}
    holding = {
        file.relative_to(repository).parts[0]
        for file in repository.rglob("*.py")
        if not any(part.startswith(".") for part in file.relative_to(repository).parts)
    }
    assert holding <= allowed


@pytest.mark.parametrize("name", ["util", "utils", "helpers", "common", "misc"])
def test_no_file_without_a_reason_to_exist(repository: Path, name: str) -> None:
    assert not [str(file) for file in ours(repository, "drivers", "gateway", "hil") if file.stem == name]
