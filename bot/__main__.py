"""The door of the command line: runs it, and turns an error on purpose into one sentence and exit code 1."""

from __future__ import annotations

import os
import sys

from engine.errors import CrierError


def main() -> None:
    """Run `crier`; exit 0 on success, 1 on a failure with one sentence on stderr, 2 on bad usage."""
    from bot.cli import app

    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # here, where a full disk can still be told
    except CrierError as error:
        _fail(str(error))
    except BrokenPipeError:
        _drop_output()
        sys.exit(0)
    except OSError as error:
        _drop_output()
        _fail(f"cannot write the output: {error.strerror}; free space or send it elsewhere.")
    except KeyboardInterrupt:
        print("crier: stopped; nothing was half-written.", file=sys.stderr)
        sys.exit(130)


def _fail(message: str) -> None:
    print(f"crier: {message[:1].lower()}{message[1:]}", file=sys.stderr)
    sys.exit(1)


def _drop_output() -> None:
    """Let what is still buffered vanish, so that the interpreter's own flush at exit does not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
