"""The array types that the whole house shares."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array whose shape, type and range a docstring gives."""

Levels: TypeAlias = NDArray[np.uint8]
"""Values of a picture from 0 to 255."""
