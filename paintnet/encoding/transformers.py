"""The encodings as public scikit-learn transformers, for a user's own Pipeline."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from paintnet.encoding.base import EncodingSpec, PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.pyramid import SPACINGS, PyramidSpec
from paintnet.encoding.raw import RawSpec
from paintnet.typing import Array


class _PositionEncoding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fit and transform, shared: a child gives the spec that its parameters make."""

    map_: PositionMap

    def _spec(self) -> EncodingSpec:
        raise NotImplementedError

    def _seed(self) -> int:
        return 0

    def fit(self, X: Any, y: object = None) -> Self:
        """Lay the encoding over the positions.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Positions (x, y) in pixels; their bounds are the extent.
        y : None
            Ignored; here for Pipeline.

        Returns
        -------
        self
        """
        xy = self._checked(X, reset=True)
        left, top = xy.min(axis=0)
        right, bottom = xy.max(axis=0)
        extent = Extent(float(left), float(top), float(right), float(bottom))
        spec = self._spec()
        spec.validate()
        self.map_ = spec.build(extent, self._seed())
        return self

    def transform(self, X: Any) -> Any:
        """Encode positions.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Positions (x, y) in pixels.

        Returns
        -------
        array or CSR matrix of shape (n, n_features), float32 or float64 as `X`
        """
        check_is_fitted(self)
        return self.map_.transform(self._checked(X, reset=False))

    def _checked(self, X: Any, *, reset: bool) -> Array:
        xy: Array = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])
        if xy.shape[1] != 2:
            raise ValueError(
                f"X has {xy.shape[1]} features, but {type(self).__name__} takes exactly 2: x and y"
            )
        return xy

    @property
    def _n_features_out(self) -> int:
        return self.map_.n_features

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class RawEncoding(_PositionEncoding):
    """The position itself, in the order (row, column).

    Parameters
    ----------
    normalize : bool, default=True
        Scale the longer side to [-1, 1]; without it, plain pixel numbers.

    Attributes
    ----------
    map_ : RawMap
        The fitted map.

    Examples
    --------
    >>> RawEncoding(normalize=False).fit_transform([[3.0, 1.0], [0.0, 2.0]])
    array([[1., 3.],
           [2., 0.]])
    """

    def __init__(self, normalize: bool = True) -> None:
        self.normalize = normalize

    def _spec(self) -> RawSpec:
        return RawSpec(self.normalize)


class FourierEncoding(_PositionEncoding):
    """Sines and cosines of random directions (Tancik et al. 2020).

    Parameters
    ----------
    n_frequencies : int, default=128
        Random directions; the output has twice as many features.
    sigma : float, default=10.0
        Bandwidth: standard deviation in cycles per short side, capped at the
        Nyquist limit of half a cycle per pixel.
    random_state : int, RandomState or None, default=None
        Where the directions come from.

    Attributes
    ----------
    map_ : FourierMap
        The fitted map.

    Examples
    --------
    >>> FourierEncoding(n_frequencies=4, random_state=0).fit_transform([[0.0, 0.0], [9.0, 9.0]]).shape
    (2, 8)
    """

    def __init__(self, n_frequencies: int = 128, sigma: float = 10.0, random_state: Any = None) -> None:
        self.n_frequencies = n_frequencies
        self.sigma = sigma
        self.random_state = random_state

    def _spec(self) -> FourierSpec:
        return FourierSpec(self.n_frequencies, self.sigma)

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31))


class GridEncoding(_PositionEncoding):
    """Several coarse-to-fine grids; the output is sparse.

    With `sklearn.neural_network.MLPRegressor` behind it, that network's first
    ``coefs_`` are trainable grid features (Mueller et al. 2022).

    Parameters
    ----------
    levels : sequence of int, default=(16, 64, 256)
        For each grid, vertices on the short side, 2 or more.
    basis : {"linear", "quadratic", "cubic"}, default="linear"
        B-spline of the weights; the smoother ones suit pictures that will be
        enlarged.

    Attributes
    ----------
    map_ : GridMap
        The fitted map.

    Examples
    --------
    >>> GridEncoding(levels=(2, 3)).fit_transform([[0.0, 0.0], [2.0, 2.0]]).toarray()[1]
    array([0., 0., 0., 1., 0., 0., 0., 0., 0., 0., 0., 0., 1.])
    """

    def __init__(self, levels: Sequence[int] = (16, 64, 256), basis: str = "linear") -> None:
        self.levels = levels
        self.basis = basis

    def _spec(self) -> GridSpec:
        return GridSpec(tuple(np.asarray(self.levels).tolist()), self.basis)


class PyramidEncoding(_PositionEncoding):
    """Planes of numbers, from one for each pixel to one for many; the output is sparse.

    Parameters
    ----------
    spacings : sequence of int, default=(1, 2, 4, 8, 16, 32, 64)
        Pixels between the numbers of each level: powers of two, ascending.

    Attributes
    ----------
    map_ : PyramidMap
        The fitted map.

    Examples
    --------
    >>> PyramidEncoding(spacings=(1, 4)).fit_transform([[0.0, 0.0], [2.0, 1.0]]).toarray()
    array([[1., 0., 0., 0., 0., 0., 1.],
           [0., 0., 0., 0., 0., 1., 1.]])
    """

    def __init__(self, spacings: Sequence[int] = SPACINGS) -> None:
        self.spacings = spacings

    def _spec(self) -> PyramidSpec:
        return PyramidSpec(tuple(np.asarray(self.spacings).tolist()))
