"""The door of the command line: runs it, and turns an error on purpose into one sentence and exit code 1."""

from __future__ import annotations

import os
import sys

from engine.errors import CrierError

INTERRUPTED = 130  # as shells say it of Ctrl+C


def main() -> None:
    """Run `crier`; exit 0 on success, 1 on a failure with one sentence on stderr, 2 on bad usage."""
    try:
        from bot.cli import app  # here, where Ctrl+C while it loads is met too

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
        _stopped()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # which the command line makes of Ctrl+C, without a word
            _stopped()
        raise


def _fail(message: str) -> None:
    begins = message[:1] if message[1:2].isupper() else message[:1].lower()  # CRIER_MODE keeps its capitals
    print(f"crier: {begins}{message[1:]}", file=sys.stderr)
    sys.exit(1)


def _stopped() -> None:
    print("crier: stopped; nothing was half-written.", file=sys.stderr)
    sys.exit(INTERRUPTED)


def _drop_output() -> None:
    """Let what is still buffered vanish, so that the interpreter's own flush at exit does not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
