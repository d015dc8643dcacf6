"""Files of format version 1 stay readable for ever.

The files in tests/version_1 were written by the paintnet of that version, which nobody can
make again: they must never be regenerated. Beside each stands what it painted then.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import paintnet

FOLDER = Path(__file__).parent / "version_1"
FILES = sorted(FOLDER.glob("*.paintnet"))


def test_every_encoding_and_mode_has_its_file() -> None:
    assert [path.stem for path in FILES] == ["alpha", "classify", "raw", "regress"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_version_1_paints_what_it_painted_then(path: Path) -> None:
    known = json.loads(path.with_suffix(".json").read_text())
    painting = paintnet.load(path)
    assert (painting.mode, painting.channels) == (known["mode"], known["channels"])
    assert [painting.width, painting.height] == known["size"]
    assert list(painting.patches[0].network.layers) == known["layers"]
    assert painting.training.to_document() == known["training"]
    if known["palette"] is None:
        assert painting.palette is None
    else:
        np.testing.assert_allclose(painting.palette, known["palette"], rtol=1e-6)
    np.testing.assert_allclose(painting.predict(known["xy"]), known["predicted"], atol=1e-5)
    # The picture was rendered as the function's values at the centres of 5 x 3 pixels.
    across = (np.arange(5) + 0.5) * painting.width / 5 - 0.5
    down = (np.arange(3) + 0.5) * painting.height / 3 - 0.5
    centres = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    expected = np.array(known["rendered"])
    np.testing.assert_allclose(painting.predict(centres), expected.reshape(15, -1), atol=1e-5)
    np.testing.assert_allclose(painting.render(size=(5, 3)), expected, atol=1e-5)
