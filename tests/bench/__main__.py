"""``make bench``: every promised figure measured in one run, as a table with the machine named.

A file ``<area>_bench.py`` in this folder has a function ``rows()`` that yields ``Row`` objects. Peers that it is
compared with run in environments and processes of their own (``hil/peers``), in the same run. Areas can be named:
``python tests/bench messages dlms``. The table goes to stdout and to ``bench-out/<area>.md``.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from row import Row

HERE = Path(__file__).resolve().parent
OUT = HERE.parent.parent / "bench-out"


def machine() -> str:
    """What this was measured on: processor, cores, kernel, Python."""
    names = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    name = names[0] if names else platform.machine()
    return f"{name}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


def table(area: str, rows: Iterable[Row]) -> tuple[list[str], bool]:
    """The rows as Markdown, printed as they come, and whether every target was met."""
    lines = [f"# {area}", "", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}", ""]
    lines += ["| what | figure | target | met |", "| --- | ---: | ---: | --- |"]
    print("\n".join(lines))
    good = True
    for row in rows:
        target = "" if row.target is None else f"{'≤' if row.most else '≥'} {row.target:g} {row.unit}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        lines.append(f"| {row.what} | {row.figure:.4g} {row.unit} | {target} | {met} |")
        print(lines[-1], flush=True)
        good &= row.met is not False
    return lines, good


def main(wanted: list[str]) -> int:
    sys.path.insert(0, str(HERE))
    OUT.mkdir(exist_ok=True)
    areas = sorted(file.stem.removesuffix("_bench") for file in HERE.glob("*_bench.py"))
    unknown = set(wanted) - set(areas)
    if unknown:
        print(f"no such area: {', '.join(sorted(unknown))}; there are {', '.join(areas)}", file=sys.stderr)
        return 2
    good = True
    for area in wanted or areas:
        lines, met = table(area, importlib.import_module(f"{area}_bench").rows())
        (OUT / f"{area}.md").write_text("\n".join(lines) + "\n")
        print()
        good &= met
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
