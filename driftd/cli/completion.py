"""`driftd completion`: the script that teaches a shell to complete driftd's commands."""

from __future__ import annotations

import click

from driftd.cli.options import Command


@click.command(
    cls=Command,
    examples=(
        "driftd completion bash > ~/.local/share/bash-completion/completions/driftd",
        'driftd completion zsh > "${fpath[1]}/_driftd"',
        "driftd completion fish > ~/.config/fish/completions/driftd.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from driftd.cli.app import COMPLETION_VARIABLE, driftd

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"click cannot complete in {shell}")
    print(complete(driftd, {}, "driftd", COMPLETION_VARIABLE).source())
    return 0
