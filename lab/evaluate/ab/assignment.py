"""Which part of all users somebody belongs to: the same in every process, on every machine, after every restart.

SHA-256 of salt and user gives a whole number below 2 ** 64, and each variant owns one interval of these numbers.
The borders are whole numbers too, so that no rounding leaves a user without a variant, or with two.

What moves users: another salt moves all of them anew, as if there had been no experiment. With the same salt, another ratio
moves those between the old border and the new one (50/50 to 80/20: 30 % of all). The order in which variants are written moves
nobody, because intervals lie in the order of the names; another name, or one more variant, can move many.
"""

from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256

SPACE = 2**64


def bucket(salt: str, user_id: str) -> int:
    """The user's number, from 0 to 2 ** 64 - 1. The salt keeps two experiments independent of each other."""
    told = f"{len(salt)}:{salt}{user_id}"  # with the length, no two pairs make the same text
    return int.from_bytes(sha256(told.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def borders(shares: Sequence[Fraction]) -> list[int]:
    """The upper border of each share; the last is 2 ** 64. The shares are exact and their sum is 1."""
    total, upper = Fraction(0), []
    for share in shares:
        total += share
        upper.append(int(total * SPACE))
    return upper


def place(number: int, upper: Sequence[int]) -> int:
    """Whose interval holds the number. An empty one holds none."""
    return next(index for index, border in enumerate(upper) if number < border)
