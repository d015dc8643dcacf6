"""The pip line that adds an extra to this installation, wherever the package came from."""

import json
import os
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

NAME = "paintnet"


def pip_line(extra: str) -> str:
    """Write the command that installs an extra.

    Parameters
    ----------
    extra : str
        Such as ``fast``.

    Returns
    -------
    str
        It names the folder, the file or the repository that the package was installed from, where
        pip has kept that, and else the package alone.

    Examples
    --------
    >>> pip_line("fast").startswith("pip install "), "[fast]" in pip_line("fast")
    (True, True)
    """
    try:
        text = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:  # run from a folder, without an installation
        text = None
    return f"pip install {_requirement(extra, text)}"


def _requirement(extra: str, text: str | None) -> str:
    """Say what pip installs, by what it has kept about the package (direct_url.json of PEP 610)."""
    plain = _quoted(f"{NAME}[{extra}]")
    try:
        origin = json.loads(text) if text else {}
        parts = urlsplit(origin["url"])
        if "dir_info" in origin:
            return _of_folder(extra, Path(url2pathname(parts.path)), origin["dir_info"]) or plain
        # A password that pip has let pass must not be shown.
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        if "vcs_info" in origin:
            vcs = origin["vcs_info"]
            url = f"{vcs['vcs']}+{url}@{vcs.get('requested_revision') or vcs['commit_id']}"
        return _quoted(f"{NAME}[{extra}] @ {url}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return plain


def _of_folder(extra: str, folder: Path, info: dict[str, Any]) -> str | None:
    """None where the folder is gone: it was one for the moment of the installation."""
    if not (folder / "pyproject.toml").is_file():
        return None
    return ("-e " if info.get("editable") else "") + _quoted(f"{folder}[{extra}]")


def _quoted(text: str) -> str:
    # The shell of Windows knows double quotes only.
    return f'"{text}"' if os.name == "nt" else shlex.quote(text)
