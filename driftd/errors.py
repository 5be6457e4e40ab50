"""The one family of errors driftd raises on purpose.

Each class names a state, carries what the operator needs (what was tried, on what, and a hint), and fixes the
exit code of the command line and the code of the JSON-RPC answer.  Nothing here imports anything of driftd.
"""

from __future__ import annotations


class DriftdError(Exception):
    """Base of every error that driftd raises on purpose.

    `detail` says what happened to what; `hint` says what the reader can do about it.
    """

    kind = "internal"
    exit_code = 1
    rpc_code = -32603

    def __init__(self, detail: str, *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.detail} ({self.hint})" if self.hint else self.detail


class ConfigError(DriftdError):
    """A configuration file or value cannot be used; the detail names the file, the key and the allowed range."""

    kind = "config"
    exit_code = 2
    rpc_code = -32602


class UsageError(DriftdError):
    """A command or a request was formed wrongly."""

    kind = "usage"
    exit_code = 2
    rpc_code = -32602


class RefusedError(DriftdError):
    """The request is understood and will not be carried out (a limit, a place outside the workspace)."""

    kind = "refused"
    exit_code = 3
    rpc_code = -32014


class NotFoundError(DriftdError):
    """What the request names does not exist."""

    kind = "not_found"
    rpc_code = -32010


class BusyError(DriftdError):
    """Another daemon or run holds what is needed, or the daemon is shutting down; trying again later may work."""

    kind = "busy"
    exit_code = 3
    rpc_code = -32011


class CancelledRunError(DriftdError):
    """The call was cancelled by its caller.

    The RPC layer answers it as -32012 without raising it; the command line finds the exit code of its kind here.
    """

    kind = "cancelled"
    exit_code = 130
    rpc_code = -32012


class StoreError(DriftdError):
    """The database cannot be used: full disk, corruption, a locked or vanished file."""

    kind = "store"
    rpc_code = -32013


class SchemaTooNewError(StoreError):
    """The database was written by a newer driftd; it is left untouched."""

    kind = "schema_too_new"
    exit_code = 3


class ClosedError(StoreError):
    """The store was closed while, or before, the command was submitted."""

    kind = "closed"


class NoDaemonError(DriftdError):
    """No daemon answers for this workspace and the command cannot work without one."""

    kind = "no_daemon"
    exit_code = 4
    rpc_code = -32011
