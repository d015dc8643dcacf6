"""Make the README of a package: its pictures and pages are found from a package index too.

In the repository its addresses are relative, which works wherever the repository lies. A package index
shows it alone: there they point to the tag of the version, below the address "Source" of pyproject.toml.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_ADDRESS = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


def absolute(text: str, source: str, version: str) -> str:
    """Turn relative addresses of a Markdown text into absolute ones.

    Examples
    --------
    >>> absolute("![a bird](docs/bird.png) and [docs](docs/a.md#b)", "https://example.org/p", "1.0")
    '![a bird](https://example.org/p/raw/v1.0/docs/bird.png) and [docs](https://example.org/p/blob/v1.0/docs/a.md#b)'
    """

    def replace(found: re.Match[str]) -> str:
        kind = "raw" if found[1] else "blob"
        return f"{found[1]}{found[2]}({source}/{kind}/v{version}/{found[3]})"

    return _ADDRESS.sub(replace, text)


class AbsoluteReadme(MetadataHookInterface):
    """What hatchling calls when it builds."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Give the package its README."""
        root = Path(self.root)
        version = re.search(
            r'__version__ = "(.+)"', (root / "paintnet" / "_version.py").read_text(encoding="utf-8")
        )
        if version is None:
            raise ValueError("paintnet/_version.py names no version")
        text = absolute(
            (root / "README.md").read_text(encoding="utf-8"), metadata["urls"]["Source"], version[1]
        )
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
