"""The program: ``paintnet``, and ``python -m paintnet``."""

import signal


def main() -> None:
    """Run the command line and exit."""
    # Amid an import, Python answers Ctrl-C with a traceback. So until the command can say in one line
    # that it was interrupted, Ctrl-C ends it without a word. Where it is ignored (nohup), that stays.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from paintnet.cli import main as run

    run()


if __name__ == "__main__":
    main()
