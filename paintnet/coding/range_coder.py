"""A range coder: whole numbers to bytes at the cost of their probabilities, in integers only.

G. N. N. Martin, "Range encoding: an algorithm for removing redundancy from a digitised message" (1979), in
the form without carries of D. Subbotin, with 64 bits.
"""

from collections.abc import Callable

from paintnet.typing import Array

TOP = 1 << 56
BOTTOM = 1 << 48
MASK = (1 << 64) - 1


class RangeEncoder:
    """Writes numbers one after the other.

    Examples
    --------
    >>> encoder = RangeEncoder()
    >>> encoder.put([0, 3], [3, 1], 4)  # of four chances the first three, then the last one
    >>> content = encoder.finish()
    >>> decoder = RangeDecoder(content)
    >>> decoder.seek(4), decoder.take(0, 3), decoder.seek(4), decoder.take(3, 1)
    (2, None, 3, None)
    """

    def __init__(self) -> None:
        self._low, self._range = 0, MASK
        self._out = bytearray()

    def put(self, begins: Array | list[int], lengths: Array | list[int], total: int) -> None:
        """Write numbers by the intervals that they have of a total below 2**48."""
        low, width, out = self._low, self._range, self._out
        for begin, length in zip(begins, lengths, strict=True):
            width //= total
            low = (low + width * begin) & MASK
            width *= length
            while True:
                if (low ^ (low + width)) >= TOP:
                    if width >= BOTTOM:
                        break
                    width = -low & (BOTTOM - 1)
                out.append(low >> 56)
                low, width = (low << 8) & MASK, (width << 8) & MASK
        self._low, self._range = low, width

    def finish(self) -> bytes:
        """End with as few bytes as tell the last number."""
        low, end = self._low, self._low + self._range
        for n in range(1, 9):
            unit = 1 << (64 - 8 * n)
            value = -(-low // unit) * unit  # the bytes that the decoder adds are zeros
            if value < end and value <= MASK:
                return bytes(self._out) + value.to_bytes(8, "big")[:n].rstrip(b"\0")
        return bytes(self._out) + low.to_bytes(8, "big")


class RangeDecoder:
    """Reads numbers that `RangeEncoder` wrote; after the end of the bytes it reads zeros.

    Parameters
    ----------
    content : bytes
        All of them.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 8
        self._low, self._range = 0, MASK
        self._code = int.from_bytes(content[:8].ljust(8, b"\0"), "big")

    def seek(self, total: int) -> int:
        """Tell in whose interval the next number lies."""
        self._range //= total
        return min(((self._code - self._low) & MASK) // self._range, total - 1)

    def take(self, begin: int, length: int) -> None:
        """Go on behind the number that has this interval."""
        self._low = (self._low + self._range * begin) & MASK
        self._range *= length
        self._shift()

    def _shift(self) -> None:
        """Read bytes until the range is large enough for the next number."""
        low, width, code, content, at = self._low, self._range, self._code, self._content, self._at
        while True:
            if (low ^ (low + width)) >= TOP:
                if width >= BOTTOM:
                    break
                width = -low & (BOTTOM - 1)
            code = ((code << 8) & MASK) | (content[at] if at < len(content) else 0)
            at += 1
            low, width = (low << 8) & MASK, (width << 8) & MASK
        self._low, self._range, self._code, self._at = low, width, code, at

    def numbers(
        self,
        total: int,
        guesses: list[int],
        begins: list[int],
        ends: list[int],
        find: Callable[[int, int], tuple[int, int, int]],
    ) -> list[int]:
        """Read numbers of one total, each of which is probably a guess.

        Parameters
        ----------
        total : int
            As in `seek`.
        guesses : list of int
            For each number the most probable one.
        begins, ends : list of int
            Its interval.
        find : callable
            Takes the index of a number that is not as guessed, and what `seek` tells; gives the number,
            and where its interval begins and ends.
        """
        # `seek` and `take` in one, for this is where the time goes: of `low` only its distance to `code` is
        # kept, and multiplied instead of divided.
        code, width = self._code, self._range
        above = (code - self._low) & MASK
        found = []
        for guess, begin, end in zip(guesses, begins, ends, strict=True):
            width //= total
            less, more = width * begin, width * end
            if less <= above < more:
                found.append(guess)
            else:
                number, begin, end = find(len(found), min(above // width, total - 1))
                less, more = width * begin, width * end
                found.append(number)
            above -= less
            width = more - less
            if width < TOP:  # else the highest bytes of both ends differ
                low = (code - above) & MASK
                if (low ^ (low + width)) < TOP or width < BOTTOM:
                    self._low, self._range, self._code = low, width, code
                    self._shift()
                    code, width = self._code, self._range
                    above = (code - self._low) & MASK
        self._low, self._range, self._code = (code - above) & MASK, width, code
        return found

    @property
    def is_overdrawn(self) -> bool:
        """Whether more bytes were read than any whole content lacks."""
        return self._at > len(self._content) + 8
