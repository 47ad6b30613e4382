"""The Koblitz curves sect163k1 and sect283k1 (SEC 2), y^2 + xy = x^3 + ax^2 + 1 over GF(2^m), for key establishment.

Libraries gave them up (OpenSSL 4, and with it ``cryptography`` 47). Field elements are ints, a bit a coefficient; the point
at infinity is None. NOT constant time: how long it takes depends on the keys. See docs/zigbee.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A point that is not at infinity."""

    x: int
    y: int


class NotOnCurve(ValueError):
    """Octets are no point of the curve, or none of the group that keys are taken from."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve. ``modulus`` is the reduction polynomial, ``order`` that of the generator, ``cofactor`` the curve's."""

    name: str
    degree: int
    modulus: int
    a: int
    generator: Point
    order: int
    cofactor: int

    @property
    def octets(self) -> int:
        """Octets of a field element; a compressed point has one more."""
        return (self.degree + 7) // 8

    def add(self, p: Point | None, q: Point | None) -> Point | None:
        if p is None or q is None:
            return q if p is None else p
        if p.x == q.x:
            return self._double(p) if p.y == q.y else None
        slope = self._multiply(p.y ^ q.y, self._inverse(p.x ^ q.x))
        x = self._square(slope) ^ slope ^ p.x ^ q.x ^ self.a
        return Point(x, self._multiply(slope, p.x ^ x) ^ x ^ p.y)

    def times(self, factor: int, p: Point | None) -> Point | None:
        """``factor`` times the point, doubling and adding."""
        found: Point | None = None
        for bit in bin(factor)[2:]:
            found = self._double(found)
            if bit == "1":
                found = self.add(found, p)
        return found

    def encode(self, p: Point) -> bytes:
        """The compressed point (SEC 1, 2.3.3)."""
        bit = self._multiply(p.y, self._inverse(p.x)) & 1 if p.x else 0
        return bytes([2 + bit]) + p.x.to_bytes(self.octets, "big")

    def decode(self, data: bytes) -> Point:
        """A compressed point of the group that the generator makes. Raises NotOnCurve."""
        if len(data) != self.octets + 1 or data[0] not in (2, 3):
            raise NotOnCurve(f"{len(data)} octets are no compressed point of {self.name}")
        x = int.from_bytes(data[1:], "big")
        if not x or x >> self.degree:
            raise NotOnCurve(f"no point of {self.name} in use has this x")
        target = x ^ self.a ^ self._inverse(self._square(x))
        z = self._half_trace(target)
        if self._square(z) ^ z != target:
            raise NotOnCurve(f"no point of {self.name} has this x")
        point = Point(x, self._multiply(x, z ^ ((z ^ data[0]) & 1)))
        if self.times(self.order, point) is not None:
            raise NotOnCurve(f"the point is of another subgroup of {self.name}")
        return point

    def _double(self, p: Point | None) -> Point | None:
        if p is None or p.x == 0:
            return None
        slope = p.x ^ self._multiply(p.y, self._inverse(p.x))
        x = self._square(slope) ^ slope ^ self.a
        return Point(x, self._square(p.x) ^ self._multiply(slope ^ 1, x))

    def _reduce(self, value: int) -> int:
        length = self.modulus.bit_length()
        while (excess := value.bit_length() - length) >= 0:
            value ^= self.modulus << excess
        return value

    def _multiply(self, a: int, b: int) -> int:
        product = 0
        while b:
            low = b & -b
            product ^= a * low
            b ^= low
        return self._reduce(product)

    def _square(self, a: int) -> int:
        # Squaring spreads the bits: a zero between any two.
        return self._reduce(int(bin(a)[2:], 4) if a else 0)

    def _inverse(self, a: int) -> int:
        """By the extended Euclidean algorithm over polynomials."""
        if not a:
            raise ZeroDivisionError("0 has no inverse")
        u, v, g, h = a, self.modulus, 1, 0
        while u != 1:
            shift = u.bit_length() - v.bit_length()
            if shift < 0:
                u, v, g, h, shift = v, u, h, g, -shift
            u ^= v << shift
            g ^= h << shift
        return self._reduce(g)

    def _half_trace(self, a: int) -> int:
        """A root of z^2 + z = a, where there is one (the degree is odd)."""
        total = a
        for _ in range((self.degree - 1) // 2):
            a = self._square(self._square(a))
            total ^= a
        return total


SECT163K1 = Curve(
    "sect163k1",
    163,
    1 << 163 | 0xC9,
    1,
    Point(0x02FE13C0537BBC11ACAA07D793DE4E6D5E5C94EEE8, 0x0289070FB05D38FF58321F2E800536D538CCDAA3D9),
    0x04000000000000000000020108A2E0CC0D99F8A5EF,
    2,
)
SECT283K1 = Curve(
    "sect283k1",
    283,
    1 << 283 | 0x10A1,
    0,
    Point(
        0x0503213F78CA44883F1A3B8162F188E553CD265F23C1567A16876913B0C2AC2458492836,
        0x01CCDA380F1C9E318D90F95D07E5426FE87E45C0E8184698E45962364E34116177DD2259,
    ),
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE9AE2ED07577265DFF7F94451E061E163C61,
    4,
)
