"""The command line: parses arguments, asks the daemon or works in this process, prints, sets the exit code.

It computes nothing itself.  It starts fast: what a command needs is imported when that command runs, and a command
that only talks to the socket imports the standard library and click, nothing else (tests/cli/test_cli_startup.py).
"""

from __future__ import annotations

import os
import sys
from gc import disable as collect_nothing
from gc import enable as collect_again  # `gc` itself is a command of this package
from io import TextIOWrapper

from driftd.daemon.isolation import import_nothing_from

INTERRUPTED = 130
CLOSED_OUTPUT = 141  # what a shell reports for a program ended by SIGPIPE: no verdict was delivered
INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises for anything the user or the daemon did."""
    import_nothing_from()  # before anything else is imported
    collect_nothing()  # imports make a lot and leave no garbage; who stays longer enables it (`memory.after_imports`)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name this terminal cannot show is no reason to fail
    try:
        from driftd.cli.app import run

        code = run(sys.argv[1:] if arguments is None else arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has enough.  Python flushes once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_OUTPUT
    except Exception as error:  # noqa: BLE001  (the last resort: every error becomes one line and an exit code)
        return _report(error)
    finally:
        collect_again()
    return code


def _report(error: Exception) -> int:
    from driftd.errors import DriftdError

    if os.environ.get("DRIFTD_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, DriftdError):
        _complain(str(error))
        return error.exit_code
    _complain(f"internal error: {type(error).__name__}: {error} (DRIFTD_DEBUG=1 shows where)")
    return INTERNAL_ERROR


def _complain(message: str) -> None:
    if sys.stderr is not None:
        print(f"driftd: {message}", file=sys.stderr)
