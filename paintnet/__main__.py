"""``python -m paintnet``."""

from paintnet.cli import main

if __name__ == "__main__":
    main()
