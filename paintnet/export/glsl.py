"""A painting as a fragment shader of GLSL ES 3.00: it compiles as it stands where there is a `mainImage`.

Weights stand in the code where they are used. A table of features is an array of constants, of which
Direct3D 11, by which browsers draw on Windows, holds 4,096 vectors.
"""

from collections.abc import Iterator

import numpy as np

from paintnet._version import __version__
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import BASES, GridMap
from paintnet.encoding.raw import RawMap
from paintnet.errors import SettingsError
from paintnet.export.parts import only_network
from paintnet.files.names import printable
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.typing import Array

MOST_VECTORS = 4096
"""Of four numbers each, in an array of constants."""

MOST_NUMBERS = 60_000
"""In the code: Chromium's software renderer took 45 seconds over 50,000, and gave up over 91,000.

Arrays of constants are no way out: ANGLE refuses more than 64 KB in one, and 91,000 numbers in ten of
them took two minutes.
"""

HIDDEN = {
    "relu": "max(z, 0.)",
    "tanh": "tanh(clamp(z, -15., 15.))",
    "logistic": "1. / (1. + exp(-clamp(z, -60., 60.)))",
    "identity": "z",
}
"""What a unit makes of its sum; held in a range where no card overflows."""

SPLINES = {
    "linear": "return vec4(1. - t, t, 0., 0.);",
    "quadratic": "return vec4((1. - t) * (1. - t), 1. + 2. * t * (1. - t), t * t, 0.) / 2.;",
    "cubic": "float u = 1. - t;\n  return vec4(u * u * u, 4. - 3. * t * t * (2. - t), "
    "4. - 3. * u * u * (2. - u), t * t * t) / 6.;",
    "keys": "float u = 1. - t;\n  return vec4(-t * u * u, 2. - t * t * (5. - 3. * t), "
    "2. - u * u * (5. - 3. * u), -u * t * t) / 2.;",
}
"""The weights of `paintnet.encoding.grid.BASES`."""

MAIN = """
void mainImage(out vec4 fragColor, in vec2 fragCoord) {{
  float side = max(SIZE.x / iResolution.x, SIZE.y / iResolution.y);
  vec2 at = (fragCoord - .5 * iResolution.xy) * vec2(side, -side) + .5 * SIZE;
  fragColor = vec4(0.);
  if (any(lessThan(at, vec2(0.))) || any(greaterThan(at, SIZE))) return;
  int points = {points};
  for (int j = 0; j < points; j++) for (int i = 0; i < points; i++)
    fragColor += paint(at - .5 + side * ((vec2(i, j) + .5) / float(points) - .5));
  fragColor /= float(points * points);
}}
"""


def glsl_of(painting: Painting, name: str = "painting") -> bytes:
    """Write a painting as a fragment shader.

    Parameters
    ----------
    painting : Painting
        Of one patch.
    name : str
        What its first line calls it.

    Returns
    -------
    bytes
        ASCII. Colors come out times their alpha.

    Raises
    ------
    SettingsError
        If it has several patches, an encoding that cannot be written down, or too many numbers.

    Examples
    --------
    >>> import paintnet
    >>> painting = paintnet.fit("sample:bird", preset="draft", encoding="raw", epochs=1)
    >>> glsl_of(painting, "bird").decode().splitlines()[0]
    '// bird, painted by a neural network: 100 x 100, raw encoding, 2 > ...'
    """
    network = only_network(painting)
    _check_size(network)
    title = printable(name).encode("ascii", "replace").decode()
    units = " > ".join(str(n) for n in (network.encoding.n_features, *network.layers, network.n_outputs))
    about = f"{network.encoding.name} encoding, {units}, {network.activation}"
    points = "int(max(1., ceil(2. * side - 1e-5)))" if painting.pixel == "area" else "1"
    parts = [
        f"// {title}, painted by a neural network: {painting.width} x {painting.height}, {about}.",
        f"// Written by paintnet {__version__} for sandboxes that call mainImage; elsewhere declare",
        "// `uniform vec3 iResolution;` and call it from main. Colors come out times their alpha.",
        "",
        f"const vec2 SIZE = vec2({painting.width}., {painting.height}.);",
        f"vec4 hidden(vec4 z) {{ return {HIDDEN[network.activation]}; }}",
        *_tables(network),
        "",
        "vec4 paint(vec2 xy) {",
        *(f"  {line}" for line in _network_lines(network)),
        *(f"  {line}" for line in _color_lines(painting, network)),
        "}",
        MAIN.format(points=points),
    ]
    return "\n".join(parts).encode("ascii")


def _check_size(network: Network) -> None:
    way = "export it as .html, or train"
    if isinstance(network.encoding, GridMap):
        vertices, features = network.coefs[0].shape
        vectors = vertices * -(-features // 4)
        if vectors > MOST_VECTORS:
            why = f"its grid has {vectors:,} vectors of features, and a shader holds {MOST_VECTORS:,}"
            raise SettingsError("painting", why, f"{way} with fewer vertices in its levels")
    if network.n_parameters > MOST_NUMBERS:
        why = f"its network has {network.n_parameters:,} numbers, and a shader holds {MOST_NUMBERS:,}"
        raise SettingsError("painting", why, f"{way} with smaller layers")


def _number(value: float) -> str:
    """Write a number as GLSL does: the shortest that gives the same float32 again."""
    text = str(np.float32(value))
    if text.endswith(".0"):
        text = text[:-1]
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) and len(text) > 2 else text


def _vector(values: Array) -> str:
    return f"vec4({','.join(map(_number, values))})"


def _padded(array: Array, axis: int) -> Array:
    """Fill up with zeros to whole vectors of four."""
    missing = [(0, -array.shape[each] % 4 if each == axis else 0) for each in range(array.ndim)]
    return np.pad(array, missing)


def _groups(biases: Array) -> list[Array]:
    return list(_padded(biases, 0).reshape(-1, 4))


def _tables(network: Network) -> Iterator[str]:
    encoding = network.encoding
    if isinstance(encoding, GridMap):
        rows = _padded(network.coefs[0], 1).reshape(-1, 4)
        lines = ",\n".join(map(_vector, rows))
        yield f"const vec4 TABLE[{len(rows)}] = vec4[{len(rows)}](\n{lines});"
        yield f"vec4 basis(float t) {{\n  {SPLINES[encoding.basis]}\n}}"


def _network_lines(network: Network) -> Iterator[str]:
    """Sums of each layer in turn: `a0_1` are units 4 to 7 of the first layer."""
    groups = _groups(network.intercepts[0])
    yield from (f"vec4 a0_{g} = {_vector(bias)};" for g, bias in enumerate(groups))
    yield from _first_layer(network, len(groups))
    for k, (coef, biases) in enumerate(zip(network.coefs[1:], network.intercepts[1:], strict=True), start=1):
        count = -(-coef.shape[0] // 4)
        yield from (f"vec4 h{k}_{g} = hidden(a{k - 1}_{g});" for g in range(count))
        for g, bias in enumerate(_groups(biases)):
            yield f"vec4 a{k}_{g} = {_vector(bias)};"
            yield from _product(coef, g, f"a{k}_{g}", f"h{k}_")


def _product(coef: Array, group: int, target: str, source: str) -> Iterator[str]:
    """Add a group of units' weighted sum of all inputs, four at a time."""
    block = _padded(_padded(coef, 0), 1)[:, 4 * group : 4 * group + 4]
    for number, columns in enumerate(block.reshape(-1, 16)):
        yield f"{target} += mat4({','.join(map(_number, columns))}) * {source}{number};"


def _first_layer(network: Network, n_groups: int) -> Iterator[str]:
    encoding, coef = network.encoding, network.coefs[0]
    if isinstance(encoding, RawMap):
        x, y = map(_number, encoding.center)
        yield f"vec2 place = (xy - vec2({x}, {y})) / {_number(encoding.unit)};"
        rows = _padded(coef, 1).reshape(2, -1, 4)
        for g in range(n_groups):
            yield f"a0_{g} += place.y * {_vector(rows[0, g])} + place.x * {_vector(rows[1, g])};"
    elif isinstance(encoding, FourierMap):
        yield from _waves(encoding)
        n = encoding.frequencies.shape[1]
        for g in range(n_groups):
            yield from _product(coef[:n], g, f"a0_{g}", "sine")
            yield from _product(coef[n:], g, f"a0_{g}", "cosine")
    elif isinstance(encoding, GridMap):
        yield from _vertices(encoding, n_groups)


def _waves(encoding: FourierMap) -> Iterator[str]:
    yield f"vec2 place = xy - vec2({_number(encoding.extent.left)}, {_number(encoding.extent.top)});"
    across, down = (list(_padded(row, 0).reshape(-1, 4)) for row in encoding.frequencies)
    for k, (x, y) in enumerate(zip(across, down, strict=True)):
        yield f"vec4 wave{k} = place.x * {_vector(x)} + place.y * {_vector(y)};"
        yield f"wave{k} = 6.28318531 * (wave{k} - floor(wave{k} + .5));"
        yield f"vec4 sine{k} = sin(wave{k}), cosine{k} = cos(wave{k});"


def _vertices(encoding: GridMap, n_groups: int) -> Iterator[str]:
    extent, degree = encoding.extent, BASES[encoding.basis][0]
    left, top, right, bottom = map(_number, extent.to_list())
    yield f"vec2 place = clamp(xy, vec2({left}, {top}), vec2({right}, {bottom})) - vec2({left}, {top});"
    first = 0
    for level in encoding.levels:
        yield "{"
        yield f"  vec2 cells = vec2({level.columns - degree}., {level.rows - degree}.);"
        yield f"  vec2 at = clamp(place / {_number(level.spacing)}, vec2(0.), cells);"
        yield "  vec2 cell = min(floor(at), cells - 1.);"
        yield "  vec4 wide = basis(at.x - cell.x), high = basis(at.y - cell.y);"
        yield f"  for (int j = 0; j < {degree + 1}; j++) for (int i = 0; i < {degree + 1}; i++) {{"
        place = f"{first} + (int(cell.y) + j) * {level.columns} + int(cell.x) + i"
        yield f"    int vertex = ({place}) * {n_groups};"
        yield "    float share = wide[i] * high[j];"
        yield from (f"    a0_{g} += share * TABLE[vertex + {g}];" for g in range(n_groups))
        yield "  }"
        yield "}"
        first += level.n_vertices


def _color_lines(painting: Painting, network: Network) -> Iterator[str]:
    """From the sums of the last layer to a color times its alpha, and the alpha."""
    last = len(network.coefs) - 1
    if painting.palette is None:
        sums = f"a{last}_0"
        value = sums if network.output == "identity" else f"1. / (1. + exp(-clamp({sums}, -60., 60.)))"
        yield f"vec4 v = clamp({value}, 0., 1.);"
        forms = {1: "vec4(v.xxx, 1.)", 3: "vec4(v.xyz, 1.)", 4: "vec4(min(v.xyz, v.www), v.w)"}
        yield f"return {forms[network.n_outputs]};"
        return
    colors = [_vector(_premultiplied(color)) for color in painting.palette]
    if len(colors) == 1:
        yield f"return {colors[0]};"
    elif network.n_outputs == 1:
        yield f"return a{last}_0.x > 0. ? {colors[1]} : {colors[0]};"
    else:
        yield f"vec4 color = {colors[0]};"
        yield f"float most = a{last}_0.x;"
        for k, color in enumerate(colors[1:], start=1):
            chance = f"a{last}_{k // 4}.{'xyzw'[k % 4]}"
            yield f"if ({chance} > most) {{ most = {chance}; color = {color}; }}"
        yield "return color;"


def _premultiplied(color: Array) -> Array:
    if len(color) == 1:
        color = np.repeat(color, 3)
    alpha = color[3] if len(color) == 4 else 1.0
    return np.array([*(color[:3] * alpha), alpha])
