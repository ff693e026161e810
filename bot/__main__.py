"""The door of the command line: runs it, and turns an error on purpose into one sentence and exit code 1."""

from __future__ import annotations

import sys

from engine.errors import CrierError


def main() -> None:
    """Run `crier`; exit 0 on success, 1 on a failure with one sentence on stderr, 2 on bad usage."""
    from bot.cli import app

    try:
        app()
    except CrierError as error:
        message = str(error)
        print(f"crier: {message[:1].lower()}{message[1:]}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        print("crier: stopped; nothing was half-written.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
