"""What `paintnet info` tells of a picture."""

from collections.abc import Iterator
from typing import Any

from paintnet.cli.console import Console, human_bytes
from paintnet.errors import number_text
from paintnet.picture import OpenLimits

UPRIGHT = {
    1: "upright",
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "turned by 180 degrees and mirrored",
    5: "turned by 90 degrees and mirrored",
    6: "turned by 90 degrees clockwise",
    7: "turned by 90 degrees and mirrored",
    8: "turned by 90 degrees counterclockwise",
}
"""What is done to show a picture upright, by its EXIF orientation."""


def describe_picture(source: str, console: Console, limits: OpenLimits) -> None:
    """Say what a picture file is, and what fit would make of it."""
    # Pillow need not be loaded to describe a painting.
    from paintnet.picture.description import describe

    found = describe(source, limits)
    console.notes(found.notes)
    height, width, channels = found.shape
    document: dict[str, Any] = {
        "picture": found.source,
        "bytes": found.n_bytes,
        "format": found.format,
        "mode": found.mode,
        "size": [width, height],
        "pixels": width * height,
        "channels": channels,
        "orientation": found.orientation,
        "profile": found.profile,
        "dpi": None if found.dpi is None else list(found.dpi),
        "metadata": list(found.metadata),
        "fit": _fit(found.name, width, height, channels),
    }
    console.answer(document, _lines(document))


def _fit(name: str, width: int, height: int, channels: int) -> dict[str, Any]:
    from paintnet.dataset.windows import windows_over
    from paintnet.files.names import PAINTED
    from paintnet.modelfile import EXTENSION
    from paintnet.settings.presets import bound_note, settings_for

    windows = windows_over(width, height)
    largest = max(((each.width, each.height) for each in windows), default=(width, height))
    settings = settings_for(*largest, "standard", channels=channels)
    return {
        "patches": max(1, len(windows)),
        "preset": "standard",
        "encoding": settings.encoding.to_document(),
        "layers": list(settings.layers),
        "epochs": settings.epochs,
        "outputs": [name + PAINTED, name + EXTENSION],
        "note": bound_note(*largest, channels=channels),
    }


def _lines(document: dict[str, Any]) -> Iterator[str]:
    width, height = document["size"]
    yield f"picture      {document['picture']}  ({human_bytes(document['bytes'])})"
    yield f"format       {document['format']}, mode {document['mode']}"
    kind = {1: "grey", 3: "RGB", 4: "RGBA"}[document["channels"]]
    yield f"size         {width} x {height}, {document['pixels']:,} pixels, read as {kind}"
    yield f"orientation  {document['orientation']}, {UPRIGHT[document['orientation']]}"
    yield f"profile      {document['profile'] or 'none: the colors are taken for sRGB'}"
    if document["dpi"] is not None:
        yield f"resolution   {' x '.join(map(number_text, document['dpi']))} DPI"
    yield f"metadata     {', '.join(document['metadata']) or 'none'}"
    fit = document["fit"]
    layers = ",".join(map(str, fit["layers"]))
    many = f"{fit['patches']:,} patches, each " if fit["patches"] > 1 else ""
    yield (
        f"fit          preset {fit['preset']}: {many}{fit['encoding']['name']} encoding, layers {layers}, "
        f"{fit['epochs']} epochs, to {' and '.join(fit['outputs'])}"
    )
    if fit["note"] is not None:
        yield f"             {fit['note']}"
