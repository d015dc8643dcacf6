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
        low = (self._low + self._range * begin) & MASK
        width = self._range * length
        code, content, at = self._code, self._content, self._at
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
        bounds: list[list[int]],
        span: tuple[int, int],
        begin_of: Callable[[int, int], int],
    ) -> list[int]:
        """Read numbers of one total, each of which is probably near a guess.

        Parameters
        ----------
        total : int
            As in `seek`.
        guesses : list of int
            For each number the most probable one.
        bounds : list of four lists of int
            Where the intervals of one less than the guess, of the guess, and of one and two more begin.
        span : (int, int)
            Lowest and highest number that there can be.
        begin_of : callable
            Gives the same for the index of a number in this call, and any value.
        """
        found = []
        for index, (guess, less, own, more, most) in enumerate(zip(guesses, *bounds, strict=True)):
            point = self.seek(total)
            if own <= point < more:
                number, begin, end = guess, own, more
            elif more <= point < most:
                number, begin, end = guess + 1, more, most
            elif less <= point < own:
                number, begin, end = guess - 1, less, own
            else:
                # The last number whose interval begins at the point or before: by halving.
                near, far = (guess + 2, span[1]) if point >= most else (span[0], guess - 2)
                while near < far:
                    middle = -(-(near + far) // 2)
                    near, far = (middle, far) if begin_of(index, middle) <= point else (near, middle - 1)
                number, begin, end = near, begin_of(index, near), begin_of(index, near + 1)
            self.take(begin, end - begin)
            found.append(number)
        return found

    @property
    def is_overdrawn(self) -> bool:
        """Whether more bytes were read than any whole content lacks."""
        return self._at > len(self._content) + 8
