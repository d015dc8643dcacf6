"""The option --cluster of fit, batch and sweep."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paintnet.cli.outputs import STDOUT
from paintnet.errors import SettingsError

if TYPE_CHECKING:
    from paintnet.executor import Cluster


def cluster_of(options: dict[str, Any], outputs: Sequence[str] = ()) -> "Cluster | None":
    """Give the cluster that was asked for, which must see the folder of the first output that is a file.

    Raises
    ------
    SettingsError
        If it cannot be meant, or Dask is not installed.
    """
    if options["cluster"] is None:
        return None
    from paintnet.executor import Cluster

    if options["workers"] != 1:
        raise SettingsError("--cluster and --workers", "a cluster has workers of its own", "give one of them")
    files = (Path(name) for name in outputs if name != STDOUT)
    cluster = Cluster(options["cluster"], next(files, Path("any")).absolute().parent)
    cluster.check()
    return cluster
