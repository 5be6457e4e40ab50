"""The table of commands, and how a command line becomes an exit code.

A command's module is imported when the command runs; `driftd --help` imports none of them.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import NamedTuple

import click

from driftd.errors import UsageError


class Entry(NamedTuple):
    """Where a command lives (`module:attribute` below this package) and the line that `--help` shows for it."""

    place: str
    section: str
    summary: str


_RUN, _READ, _JUDGE, _ACT, _HELP = "Run", "Read the model", "Judge findings", "Talk to the daemon", "Look after it"

COMMANDS = {
    "serve": Entry("serve:serve", _RUN, "Run the daemon in the foreground."),
    "analyze": Entry("analyze:analyze", _RUN, "Make the analysis current and print a summary."),
    "status": Entry("status:status", _READ, "Show what the daemon knows and how it is."),
    "violations": Entry("violations:violations", _READ, "List what is wrong, worst first."),
    "explain": Entry(
        "violations:explain", _READ, "Say of a violation why it is one, how sure that is, and what to do."
    ),
    "quickfix": Entry("violations:quickfix", _READ, "Show the edit that removes a violation, or apply it."),
    "detections": Entry("lists:detections", _READ, "List what rules found, violations or not."),
    "functions": Entry("lists:functions", _READ, "List functions and methods."),
    "callers": Entry("graph:callers", _READ, "List what calls a function, with the paths."),
    "callees": Entry("graph:callees", _READ, "List what a function calls, with the paths."),
    "call-graph": Entry("graph:call_graph", _READ, "Show call graph totals, or one function's neighbourhood."),
    "entry-points": Entry("graph:entry_points", _READ, "List what frameworks, shells and test runners call."),
    "external-calls": Entry("lists:external_calls", _READ, "List which functions call what of other packages."),
    "boundaries": Entry("lists:boundaries", _READ, "List data models, their tables and fields, and what is sensitive."),
    "data-access": Entry("lists:data_access", _READ, "List which functions read or write which tables."),
    "patterns": Entry("lists:patterns", _READ, "List what the code does again and again, and how sure that is."),
    "confidence": Entry("lists:confidence", _READ, "List the posterior of each pattern and its factors."),
    "outliers": Entry("lists:outliers", _READ, "List places that depart from what is usual around them."),
    "conventions": Entry("lists:conventions", _READ, "List conventions of the project and its directories."),
    "constants": Entry("lists:constants", _READ, "List named constants and magic numbers."),
    "env-variables": Entry("lists:env_variables", _READ, "List where environment variables are read."),
    "scan-history": Entry("lists:scan_history", _READ, "List past scans."),
    "feedback-stats": Entry("feedback:feedback_stats", _READ, "Show how many findings of each pattern were false."),
    "feedback-history": Entry("lists:feedback_history", _READ, "List what people said about violations."),
    "pattern-statuses": Entry("lists:pattern_statuses", _READ, "List patterns that somebody decided about."),
    "alerts": Entry("lists:alerts", _READ, "List what got worse."),
    "dismiss": Entry("feedback:dismiss", _JUDGE, "Say that a violation is none, or that nobody will fix it."),
    "fix": Entry("feedback:fix", _JUDGE, "Say that a violation was right and is fixed."),
    "suppress": Entry("feedback:suppress", _JUDGE, "Silence a violation without judging it."),
    "escalate": Entry("feedback:escalate", _JUDGE, "Say that a violation is right, and worse than it looks."),
    "undo": Entry("feedback:undo", _JUDGE, "Take back what was said about a violation."),
    "approve": Entry("feedback:approve", _JUDGE, "Raise the findings of a pattern whatever feedback says."),
    "ignore": Entry("feedback:ignore", _JUDGE, "Never raise the findings of a pattern."),
    "enable": Entry("feedback:enable", _JUDGE, "Leave a pattern to feedback again, which is counted anew."),
    "baseline": Entry("feedback:baseline", _JUDGE, "Write down what is found now, so that later findings are new."),
    "call": Entry("call:call", _ACT, "Call any method of the daemon and print its result as JSON."),
    "sync": Entry("control:sync", _ACT, "Wait until everything saved so far is in the model."),
    "stop": Entry("control:stop", _ACT, "Shut the daemon down cleanly and wait until it is gone."),
    "gc": Entry("gc:gc", _HELP, "Delete what is old and no longer current, and give the space back."),
    "verify": Entry("verify:verify", _HELP, "Prove that the live analysis equals one made from nothing."),
    "backup": Entry("backups:backup", _HELP, "Copy the database and check the copy."),
    "restore": Entry("backups:restore", _HELP, "Let a backup take the place of the database."),
    "export": Entry("backups:export", _HELP, "Write what people typed as lines of JSON."),
    "import": Entry("backups:merge", _HELP, "Merge what people typed elsewhere."),
    "doctor": Entry("doctor:doctor", _HELP, "Check everything the daemon depends on."),
    "socket-path": Entry("paths:socket_path", _HELP, "Print the path of the daemon's socket."),
    "completion": Entry("completion:completion", _HELP, "Print a completion script for your shell."),
}
COMPLETION_VARIABLE = "_DRIFTD_COMPLETE"  # set by the script of `driftd completion`
ALIASES = {"env": "env-variables"}

HELP = """driftd keeps a live model of a codebase in one SQLite file and answers questions about it.

WORKSPACE is a folder; without it, the nearest parent of the current folder that has .drift/ or .git/ is taken.
Answers go to standard output (--json for one JSON document), progress and logs to standard error.

\b
  driftd analyze ~/src/shop         # once, without a daemon
  driftd serve ~/src/shop &         # or keep the model current while you work
  driftd functions ~/src/shop --file api/orders.py
  driftd callers place_order ~/src/shop
  driftd call status                # any method, as JSON

\b
Exit codes: 0 fine; 1 the answer is no; 2 usage or configuration; 3 refused or incomplete;
4 no daemon, and no way to work without one; 130 interrupted; 70 an error inside driftd.
"""


class Commands(click.Group):
    """The group of `COMMANDS`, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        name = cmd_name.replace("_", "-")  # the method's name works as well
        entry = COMMANDS.get(ALIASES.get(name, name))
        if entry is None:
            return None
        module, attribute = entry.place.split(":")
        command = getattr(import_module(f"driftd.cli.{module}"), attribute)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], [*COMMANDS, *ALIASES], n=1)
            raise UsageError(
                f"there is no command {args[0]!r}", hint=f"did you mean {near[0]}?" if near else "see: driftd --help"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl([(name, e.summary) for name, e in COMMANDS.items() if e.section == section])


@click.command(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=lambda c, _p, v: _version(c, v))
def driftd() -> None:
    """Group the commands; what there is to say stands in HELP."""


def run(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return its exit code.

    Raises the errors of `driftd.errors`, and whatever the command let travel.
    """
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(driftd, {}, "driftd", COMPLETION_VARIABLE, instruction)
    try:
        # Not `driftd.main()`: it has exit codes of its own for an interrupt and for a closed pipe.
        with driftd.make_context("driftd", arguments or ["--help"]) as context:
            code = driftd.invoke(context)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "driftd"
        raise UsageError(error.format_message().rstrip("."), hint=f"see: {command} --help") from error
    return code if isinstance(code, int) else 0


def _version(ctx: click.Context, asked: bool) -> None:
    """Print the version of the installed package, or say that this is a source tree."""
    if not asked:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("driftd")
    except PackageNotFoundError:
        number = "(not installed: running from a source tree)"
    print(f"driftd {number}")
    ctx.exit()
