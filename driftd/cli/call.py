"""`driftd call`: any method of the daemon, its result as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ANSWER_TIMEOUT_S, Client, RpcError
from driftd.cli.options import PATH, Command, resolve_workspace
from driftd.cli.output import print_json
from driftd.errors import UsageError

RPC_ERROR = 1


@click.command(
    cls=Command,
    examples=(
        "driftd call ping",
        "driftd call functions limit=5 file=api/orders.py",
        'driftd call callers \'{"function": "api/orders.py:42"}\' ~/src/shop',
        "driftd call rpc.discover | jq -r '.methods[].name'",
    ),
)
@click.argument("method")
@click.argument("arguments", metavar="[PARAMS]... [WORKSPACE]", nargs=-1)
@click.option("-w", "--workspace", type=PATH, help="The workspace, if it is not the one you are in.")
@click.option("--timeout", type=float, default=ANSWER_TIMEOUT_S, metavar="SECONDS", help="0 waits for ever.")
@click.option("--json", "as_json", is_flag=True, help="Accepted for symmetry: the output is always JSON.")
def call(method: str, arguments: tuple[str, ...], workspace: Path | None, timeout: float, as_json: bool) -> int:
    """Call METHOD of the daemon and print its result as JSON.

    PARAMS are one JSON object or array, `-` to read it from standard input, or KEY=VALUE pairs, whose values are JSON
    where they can be read as JSON and text otherwise.  A folder among them is the WORKSPACE.  An error of the daemon
    is printed on standard error as JSON, and the exit code is 1.
    """
    del as_json
    words, folder = _split(arguments)
    if workspace is not None and folder is not None:
        raise UsageError(f"two workspaces are given: {workspace} and {folder}", hint="name one")
    params = _params(words)
    with Client(resolve_workspace(workspace or folder)) as client:
        try:
            result = client.call(method, params, timeout_s=timeout or None)
        except RpcError as error:
            shown = {"code": error.code, "message": error.message, "data": error.data}
            print(json.dumps(shown, ensure_ascii=True), file=sys.stderr)
            return RPC_ERROR
    print_json(result)
    return 0


def _split(arguments: tuple[str, ...]) -> tuple[list[str], Path | None]:
    """Return the words that are parameters, and the folder among them."""
    words: list[str] = []
    folders: list[Path] = []
    for word in arguments:
        is_param = word == "-" or word.lstrip().startswith(("{", "[")) or "=" in word
        if is_param:
            words.append(word)
        elif "/" in word or Path(word).is_dir():
            folders.append(Path(word))
        else:
            raise UsageError(f"{word!r} is neither KEY=VALUE nor JSON nor a folder", hint="see: driftd call --help")
    if len(folders) > 1:
        raise UsageError(f"two workspaces are given: {folders[0]} and {folders[1]}", hint="name one")
    return words, folders[0] if folders else None


def _params(words: list[str]) -> dict[str, Any] | list[Any] | None:
    """Return the parameters that the words on the command line mean."""
    if len(words) == 1 and (words[0] == "-" or words[0].lstrip().startswith(("{", "["))):
        text = sys.stdin.read() if words[0] == "-" else words[0]
        try:
            document = json.loads(text)
        except ValueError as error:
            raise UsageError(f"PARAMS is not JSON: {error}", hint="quote it: '{\"limit\": 5}'") from None
        if not isinstance(document, dict | list):
            raise UsageError("PARAMS must be a JSON object or array", hint="or KEY=VALUE pairs")
        return document
    params: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and key.isidentifier()):
            raise UsageError(f"{word!r} is not KEY=VALUE", hint="give one JSON document, or only KEY=VALUE pairs")
        params[key] = _value(value)
    return params or None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
