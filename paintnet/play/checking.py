"""Whether the page can be served: known before anything heavy is imported."""

from importlib.util import find_spec

from paintnet.errors import SettingsError
from paintnet.extras import pip_line


def check_server() -> None:
    """Refuse to serve where the packages for it are missing.

    Raises
    ------
    SettingsError
        It says how to install them.
    """
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        why = f"it needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        raise SettingsError("play", why, f"install with {pip_line('play')}")
