"""What is learned for storing, before it is."""

import numpy as np
import pytest

from paintnet.coding.layout import Layout
from paintnet.engine.rate_state import RateState
from paintnet.errors import SettingsError


def test_a_picture_whose_file_nobody_could_read_is_not_learned() -> None:
    targets, mask = np.zeros((1, 100_001, 1), np.float32), np.ones((1, 100_001), np.float32)
    with pytest.raises(SettingsError, match=r"picture: 100,001 x 1 pixels .* at most 100,000 pixels a side"):
        RateState(Layout(100_001, 1, (1,)), targets, mask, (4,), (4, 4), 1.0, np.random.default_rng(0))
