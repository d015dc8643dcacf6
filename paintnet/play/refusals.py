"""What a page is told of an error: the whole, and the parts that it puts into its own language."""

from paintnet.errors import PaintnetError

NO_REFUSAL = {"error": ""}


def refusal_of(error: PaintnetError) -> dict[str, str]:
    """Write an error as JSON values.

    Examples
    --------
    >>> refusal_of(PaintnetError("page", "it was closed", "load it again"))["error"]
    'page: it was closed; load it again'
    """
    return {
        "error": str(error),
        "what": error.what,
        "why": error.why,
        "remedy": error.remedy,
        "parameter": error.parameter,
    }
