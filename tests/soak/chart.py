"""Curves over time as an SVG, each with a scale of its own, and bands where something was wrong on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, GAP = 900, 110, 70, 30


@dataclass(frozen=True, slots=True)
class Curve:
    """``points`` are (seconds, value)."""

    title: str
    unit: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Band:
    """From ``begin`` to ``end`` seconds, something was wrong with ``what``."""

    what: str
    begin: float
    end: float


def svg(curves: Sequence[Curve], bands: Sequence[Band]) -> str:
    """One panel a curve under the other, and a panel of the bands by what they are of."""
    last = max(time for curve in curves for time, _ in curve.points)
    kinds = sorted({band.what for band in bands})
    height = (len(curves) * (HEIGHT + GAP)) + 20 * len(kinds) + 2 * GAP

    def x(time: float) -> float:
        return LEFT + time / last * WIDTH

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" font-family="sans-serif"'
        ' font-size="12"><rect width="100%" height="100%" fill="white"/>'
    ]
    top = GAP
    for curve in curves:
        parts += _panel(curve, top, x)
        top += HEIGHT + GAP
    for kind in kinds:
        parts.append(f'<text x="4" y="{top + 11}">{escape(kind)}</text>')
        for band in bands:
            if band.what == kind:
                wide = max(x(band.end) - x(band.begin), 1)
                parts.append(f'<rect x="{x(band.begin):.1f}" y="{top}" width="{wide:.1f}" height="14" fill="#c33"/>')
        top += 20
    parts.append(f'<text x="{LEFT + WIDTH - 60}" y="{top + 12}">{last / 60:.1f} min</text></svg>')
    return "\n".join(parts)


def _panel(curve: Curve, top: float, x: object) -> list[str]:
    assert callable(x)
    most = max(value for _, value in curve.points) or 1
    line = " ".join(f"{x(time):.1f},{top + HEIGHT - value / most * HEIGHT:.1f}" for time, value in curve.points)
    return [
        f'<text x="{LEFT}" y="{top - 6}">{escape(curve.title)}</text>',
        f'<text x="4" y="{top + 10}">{most:.4g} {escape(curve.unit)}</text><text x="4" y="{top + HEIGHT}">0</text>',
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
        f'<polyline points="{line}" fill="none" stroke="#246" stroke-width="1.2"/>',
    ]
