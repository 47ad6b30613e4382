"""The two Koblitz curves of Smart Energy, sect163k1 and sect283k1 (SEC 2), in plain arithmetic.

A field element is an integer whose bits are the coefficients of a polynomial. Points are affine; None is the point at
infinity. Nothing here takes constant time: it is for a bench, whose keys are public.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int] | None


@dataclass(frozen=True)
class Curve:
    """y^2 + xy = x^3 + ax^2 + 1 over GF(2^m), ``polynomial`` reducing it; generator of order n, cofactor h."""

    name: str
    m: int
    polynomial: int
    a: int
    generator: tuple[int, int]
    n: int
    h: int

    @property
    def octets(self) -> int:
        """Octets of a field element."""
        return (self.m + 7) // 8

    def reduce(self, value: int) -> int:
        while (excess := value.bit_length() - self.m - 1) >= 0:
            value ^= self.polynomial << excess
        return value

    def multiply(self, left: int, right: int) -> int:
        # Four bits of the right factor at a time.
        table = [0, left]
        for index in range(2, 16):
            table.append(table[index >> 1] << 1 ^ (left if index & 1 else 0))
        product = 0
        for shift in range((right.bit_length() + 3) // 4 * 4 - 4, -4, -4):
            product = product << 4 ^ table[right >> shift & 15]
        return self.reduce(product)

    def square(self, value: int) -> int:
        # Squaring spreads the bits: the same digits, read as if the base were four.
        return self.reduce(int(bin(value)[2:], 4))

    def invert(self, value: int) -> int:
        u, v, g, h = value, self.polynomial, 1, 0
        while u != 1:
            shift = u.bit_length() - v.bit_length()
            if shift < 0:
                u, v, g, h, shift = v, u, h, g, -shift
            u ^= v << shift
            g ^= h << shift
        return self.reduce(g)

    def add(self, left: Point, right: Point) -> Point:
        if left is None:
            return right
        if right is None:
            return left
        (x1, y1), (x2, y2) = left, right
        if x1 == x2:
            return None if y1 ^ y2 == x1 or x1 == 0 else self._double(x1, y1)
        slope = self.multiply(y1 ^ y2, self.invert(x1 ^ x2))
        x = self.square(slope) ^ slope ^ x1 ^ x2 ^ self.a
        return x, self.multiply(slope, x1 ^ x) ^ x ^ y1

    def _double(self, x1: int, y1: int) -> Point:
        slope = x1 ^ self.multiply(y1, self.invert(x1))
        x = self.square(slope) ^ slope ^ self.a
        return x, self.square(x1) ^ self.multiply(slope ^ 1, x)

    def times(self, factor: int, point: Point) -> Point:
        result: Point = None
        for bit in bin(factor)[2:]:
            result = self.add(result, result)
            if bit == "1":
                result = self.add(result, point)
        return result

    def holds(self, point: Point) -> bool:
        if point is None:
            return False
        x, y = point
        squared = self.square(x)
        return self.square(y) ^ self.multiply(x, y) == self.multiply(squared, x) ^ self.multiply(self.a, squared) ^ 1

    def compress(self, point: Point) -> bytes:
        """SEC 1, 2.3.3: x, and one bit of y."""
        if point is None or not point[0]:
            raise ValueError("no public key is at infinity, or has x = 0")
        x, y = point
        return bytes((2 | self.multiply(y, self.invert(x)) & 1,)) + x.to_bytes(self.octets, "big")

    def decompress(self, data: bytes) -> Point:
        """Raises ValueError for what is no point of the curve."""
        x = int.from_bytes(data[1:], "big")
        if len(data) != 1 + self.octets or data[0] not in (2, 3) or x.bit_length() > self.m or not x:
            raise ValueError("not a compressed point")
        beta = x ^ self.a ^ self.square(self.invert(x))
        z = term = beta
        for _ in range((self.m - 1) // 2):  # the half trace solves z^2 + z = beta
            term = self.square(self.square(term))
            z ^= term
        if self.square(z) ^ z != beta:
            raise ValueError("no such point on the curve")
        if z & 1 != data[0] & 1:
            z ^= 1
        return x, self.multiply(x, z)


SECT163K1 = Curve(
    "sect163k1",
    163,
    1 << 163 | 0xC9,
    1,
    (0x02FE13C0537BBC11ACAA07D793DE4E6D5E5C94EEE8, 0x0289070FB05D38FF58321F2E800536D538CCDAA3D9),
    0x04000000000000000000020108A2E0CC0D99F8A5EF,
    2,
)
SECT283K1 = Curve(
    "sect283k1",
    283,
    1 << 283 | 0x10A1,
    0,
    (
        0x0503213F78CA44883F1A3B8162F188E553CD265F23C1567A16876913B0C2AC2458492836,
        0x01CCDA380F1C9E318D90F95D07E5426FE87E45C0E8184698E45962364E34116177DD2259,
    ),
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE9AE2ED07577265DFF7F94451E061E163C61,
    4,
)
