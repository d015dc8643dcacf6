"""Every encoding by its name: those of paintnet, and those that are registered from outside."""

from typing import TypeVar

from paintnet.encoding.base import EncodingSpec, PositionMap
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.pyramid import PyramidSpec
from paintnet.encoding.raw import RawSpec
from paintnet.errors import SettingsError, value_text

Spec = TypeVar("Spec", bound=type[EncodingSpec])

ENCODINGS: dict[str, type[EncodingSpec]] = {
    spec.name: spec for spec in (RawSpec, FourierSpec, GridSpec, PyramidSpec)
}


def register(spec: Spec) -> Spec:
    """Add an encoding from outside; it can be used as a decorator.

    From then on its name can be given wherever that of any encoding can: to `paintnet.fit`, to
    ``paintnet fit`` in the same process, and in model files.

    Parameters
    ----------
    spec : class
        A child of `EncodingSpec`.

    Returns
    -------
    class
        The same.

    Raises
    ------
    SettingsError
        If its name is taken, or its map has another one.
    """
    if ENCODINGS.get(spec.name, spec) is not spec:
        raise SettingsError(
            "encoding",
            f"the name {spec.name!r} is taken",
            "choose another one, or unregister the other first",
        )
    if spec.map_type.name != spec.name:
        why = f"{spec.__name__} has the name {spec.name!r}, and its map {spec.map_type.name!r}"
        raise SettingsError("encoding", why, "give both one name: files are read by that of the map")
    ENCODINGS[spec.name] = spec
    return spec


def unregister(name: str) -> None:
    """Take an encoding out again.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    encoding_named(name)
    del ENCODINGS[name]


def encoding_named(name: str) -> type[EncodingSpec]:
    """Look an encoding up.

    Raises
    ------
    SettingsError
        If there is none of that name.

    Examples
    --------
    >>> encoding_named("fourier")(sigma=5.0)
    FourierSpec(n_frequencies=128, sigma=5.0)
    """
    if not isinstance(name, str) or name not in ENCODINGS:
        raise SettingsError(
            "encoding", f"unknown name {value_text(name)}", f"use one of {', '.join(ENCODINGS)}"
        )
    return ENCODINGS[name]


def map_named(name: str) -> type[PositionMap]:
    """Look up the class of an encoding's map, which reads it from a file.

    Raises
    ------
    SettingsError
        If there is no encoding of that name.
    """
    return encoding_named(name).map_type
