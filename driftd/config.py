"""What can be configured: one frozen struct a section, read from TOML and the environment.

Every key is declared once, with its default, range and description; validation, error messages and
`docs/configuration.md` (`python -m driftd.config`) all come from that declaration.  Which value wins, key by key:
`DRIFTD_<SECTION>__<KEY>` in the environment, `drift.toml` of the workspace, `$XDG_CONFIG_HOME/driftd/config.toml`,
the default.  Nothing here creates a file or looks at the workspace beyond `drift.toml`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from driftd.errors import ConfigError

WORKSPACE_FILE = "drift.toml"
ENVIRONMENT_PREFIX = "DRIFTD_"
RULES = "rule"  # the workspace's own rules, which are no settings: see `daemon.custom_rules`

_KIB = 1024
_MIB = 1024 * 1024

# What a list in the environment may be joined with, besides being written as a TOML array.
_LIST_SEPARATOR = ","


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of one `[section]` of the configuration; every key has a default."""


class ScanSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which files are examined."""

    max_file_size: Annotated[
        int,
        Meta(ge=_KIB, le=100 * _MIB, description="Files of more bytes are recorded as `too_large` and not read."),
    ] = _MIB
    include: Annotated[
        tuple[str, ...],
        Meta(description="Patterns in gitignore syntax; if any is given, only files that match are examined."),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Meta(
            description="Patterns in gitignore syntax, relative to the workspace; what matches is not examined, "
            "whatever the ignore files and git say."
        ),
    ] = ()
    minified_line_length: Annotated[
        int,
        Meta(
            ge=200,
            le=_MIB,
            description="A script or style sheet with over half of its bytes in longer lines (or with an average "
            "line of a tenth of this) is recorded as `minified`.",
        ),
    ] = 5000


class AnalysisSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How files are analysed."""

    workers: Annotated[
        int, Meta(ge=0, le=64, description="Worker processes; 0 takes one for each usable CPU, at most 8.")
    ] = 0
    file_timeout_s: Annotated[
        float, Meta(ge=0.1, le=3600, description="Seconds that one file may take before it is recorded as failed.")
    ] = 30.0
    languages: Annotated[
        tuple[str, ...], Meta(description="Languages to analyse, for instance `python`; empty means all.")
    ] = ()

    def worker_count(self) -> int:
        """Return how many worker processes to run."""
        return self.workers or min(8, len(os.sched_getaffinity(0)))


class WatchSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How changes of files are noticed."""

    step_ms: Annotated[
        int, Meta(ge=1, le=10_000, description="How long to wait for a further event before a set is handed on.")
    ] = 20
    debounce_ms: Annotated[
        int, Meta(ge=1, le=60_000, description="How long events may be gathered at most before a set is handed on.")
    ] = 400
    reconcile_interval_s: Annotated[
        int,
        Meta(ge=10, le=86_400, description="Seconds between full comparisons with the disk, which find lost events."),
    ] = 300
    polling: Annotated[bool, Meta(description="Compare the disk regularly instead of using inotify.")] = False


class RpcSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of the socket."""

    max_frame_bytes: Annotated[
        int, Meta(ge=4 * _KIB, le=1024 * _MIB, description="The largest request or batch, in bytes.")
    ] = 16 * _MIB
    max_nesting: Annotated[int, Meta(ge=8, le=1000, description="The deepest nesting of a request's JSON.")] = 128
    max_connections: Annotated[int, Meta(ge=1, le=10_000, description="Connections open at once.")] = 256
    max_in_flight: Annotated[int, Meta(ge=1, le=10_000, description="Unanswered requests of one connection.")] = 64
    max_batch: Annotated[int, Meta(ge=1, le=100_000, description="Requests in one batch.")] = 1000
    write_timeout_s: Annotated[
        float, Meta(ge=0.1, le=3600, description="Seconds a client may take to read an answer before it is dropped.")
    ] = 30.0


class StoreSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The database."""

    cache_max_mb: Annotated[
        int, Meta(ge=1, le=102_400, description="The most that cached file facts may take in the database, in MiB.")
    ] = 256
    queue_size: Annotated[
        int, Meta(ge=1, le=100_000, description="Write commands queued before whoever submits one has to wait.")
    ] = 256
    wal_limit_mb: Annotated[
        int, Meta(ge=1, le=10_240, description="The size in MiB that the write-ahead log is cut back to.")
    ] = 64


class RetentionSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long rows that are no longer current are kept; `1 <= short_days <= medium_days <= long_days`."""

    short_days: Annotated[int, Meta(ge=1, le=36_500, description="Days in the short tier.")] = 30
    medium_days: Annotated[int, Meta(ge=1, le=36_500, description="Days in the medium tier.")] = 90
    long_days: Annotated[int, Meta(ge=1, le=36_500, description="Days in the long tier.")] = 365
    interval: Annotated[
        str,
        Meta(
            pattern=r"^[1-9][0-9]{0,4}[mhd]$",
            description="Time between two clean-ups: minutes, hours or days, such as `90m`, `24h` or `7d`.",
        ),
    ] = "24h"
    on_shutdown: Annotated[bool, Meta(description="Run a light clean-up when the daemon shuts down.")] = True
    max_db_mb: Annotated[
        int,
        Meta(
            ge=0,
            le=1_048_576,
            description="The most that the database may take, in MiB; 0 means no limit. Where a clean-up is not enough, "
            "more goes in a fixed order, as docs/retention.md says; never what people typed, nor what is still true.",
        ),
    ] = 0

    def interval_s(self) -> int:
        """Return the seconds between two clean-ups."""
        return int(self.interval[:-1]) * {"m": 60, "h": 3600, "d": 86_400}[self.interval[-1]]

    def __post_init__(self) -> None:
        """Refuse tiers that are out of order."""
        for shorter, longer in (("short_days", "medium_days"), ("medium_days", "long_days")):
            low, high = getattr(self, shorter), getattr(self, longer)
            if low > high:
                raise ValueError(f"retention.{shorter} = {low} is more than retention.{longer} = {high}")


class DetectionSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What rules look for; rules of the workspace's own stand in `.drift/rules/*.toml`."""

    disabled: Annotated[
        tuple[str, ...],
        Meta(
            description="Rules and categories of which nothing is raised, for instance `python/weak-hash` or `styling`."
        ),
    ] = ()


class FeedbackSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What follows from feedback."""

    window_days: Annotated[
        int, Meta(ge=1, le=365, description="Days over which the rate of false findings of a pattern is measured.")
    ] = 30


class EnforcementSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a change is measured against."""

    baseline: Annotated[
        str,
        Meta(min_length=1, description="The file, relative to the workspace, with the violations that are not new."),
    ] = ".drift/baseline.json"


class LogSettings(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The daemon's log on stderr."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least important level that is written.")
    ] = "info"
    format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="`auto` writes for people on a terminal and JSON lines otherwise."),
    ] = "auto"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole configuration."""

    scan: ScanSettings = ScanSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    watch: WatchSettings = WatchSettings()
    rpc: RpcSettings = RpcSettings()
    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    detection: DetectionSettings = DetectionSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    enforcement: EnforcementSettings = EnforcementSettings()
    log: LogSettings = LogSettings()


SECTIONS: dict[str, type[Section]] = {
    "scan": ScanSettings,
    "analysis": AnalysisSettings,
    "watch": WatchSettings,
    "rpc": RpcSettings,
    "store": StoreSettings,
    "retention": RetentionSettings,
    "detection": DetectionSettings,
    "feedback": FeedbackSettings,
    "enforcement": EnforcementSettings,
    "log": LogSettings,
}


def load(workspace: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings for `workspace`.

    Raises ConfigError for a file that cannot be read or parsed, an unknown key or a value out of range; the error
    names the source, the key, the value and what is allowed.
    """
    variables = os.environ if environ is None else environ
    merged: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    for source, section, key, value in _values(workspace, variables):
        merged.setdefault(section, {})[key] = value
        origins[f"{section}.{key}"] = source
    try:
        return msgspec.convert(merged, Settings)
    except msgspec.ValidationError as error:  # each key is valid alone, so they contradict each other
        detail = str(error).partition(" - at ")[0]
        named = sorted({source for key, source in origins.items() if key in detail})
        raise ConfigError(f"{', '.join(named)}: {detail}", hint="the tiers must not get shorter") from None


def user_file(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the user's own configuration file would be."""
    variables = os.environ if environ is None else environ
    base = variables.get("XDG_CONFIG_HOME", "")
    if base.startswith("/"):  # the XDG specification: a relative path is invalid and must be ignored
        return Path(base, "driftd", "config.toml")
    import platformdirs  # noqa: PLC0415  # only needed without the variable, and start-up is measured

    return Path(platformdirs.user_config_dir("driftd", appauthor=False), "config.toml")


def reference() -> str:
    """Return the configuration reference in Markdown."""
    lines = [
        "# Configuration",
        "",
        "<!-- Generated by `python -m driftd.config`; do not edit. -->",
        "",
        "Every key is optional. For each one the first source that has it wins:",
        "",
        "1. the environment variable `DRIFTD_<SECTION>__<KEY>`, for instance `DRIFTD_LOG__LEVEL=debug`",
        "   (a list is written `a,b` or as a TOML array);",
        "2. `drift.toml` in the workspace;",
        "3. `$XDG_CONFIG_HOME/driftd/config.toml` (by default `~/.config/driftd/config.toml`);",
        "4. the default below.",
        "",
        "An unknown key or a value out of range is an error that names the file, the key and what is allowed.",
    ]
    for name, section in SECTIONS.items():
        lines += ["", f"## `[{name}]`", "", section.__doc__ or "", "", "| key | default | allowed | meaning |"]
        lines.append("|---|---|---|---|")
        for field in msgspec.structs.fields(section):
            description = field.type.__metadata__[0].description
            lines.append(f"| `{field.name}` | `{_toml(field.default)}` | {_allowed(field.type)} | {description} |")
    return "\n".join(lines) + "\n"


def _values(workspace: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield (source, section, key, checked value), weakest source first."""
    for path in (user_file(environ), workspace / WORKSPACE_FILE):
        for section, content in read_table(path).items():
            if section == RULES and path.name == WORKSPACE_FILE:
                continue
            if section not in SECTIONS:
                raise _unknown(str(path), section, section, tuple(SECTIONS))
            if not isinstance(content, dict):
                raise ConfigError(f"{path}: {section} = {_toml(content)} is not a table", hint=f"write [{section}]")
            for key, value in content.items():
                yield str(path), section, key, _checked(str(path), section, key, value)
    yield from _environment_values(environ)


def read_table(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file, empty if there is none; raises ConfigError for one that cannot be read."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", hint="correct its permissions or remove it"
        ) from error
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: not UTF-8 (at line {line})", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:  # its text ends in "(at line 3, column 7)"
        raise ConfigError(f"{path}: {error}", hint="correct the TOML syntax") from error


def _environment_values(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield the values set by `DRIFTD_<SECTION>__<KEY>`; other names that begin with DRIFTD_ are not ours."""
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or "__" not in name:
            continue
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        source = f"environment variable {name}"
        if section not in SECTIONS:
            raise _unknown(source, section, section, tuple(SECTIONS))
        expected = _field_type(source, section, key)
        yield source, section, key, _checked(source, section, key, _from_text(environ[name], expected))


def _from_text(text: str, expected: Any) -> Any:
    """Return the value that `text` means for a key of type `expected`."""
    plain = expected.__origin__
    text = text.strip()
    if plain == tuple[str, ...] and not text.startswith("["):
        return [part.strip() for part in text.split(_LIST_SEPARATOR) if part.strip()]
    if plain in (bool, int, float) or plain == tuple[str, ...]:
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text  # the check that follows names it
    return text


def _field_type(source: str, section: str, key: str) -> Any:
    """Return the annotated type of a key, or raise for an unknown one."""
    types = {field.name: field.type for field in msgspec.structs.fields(SECTIONS[section])}
    if key not in types:
        raise _unknown(source, f"{section}.{key}", key, tuple(types))
    return types[key]


def _checked(source: str, section: str, key: str, value: Any) -> Any:
    """Return `value` if the key exists and allows it."""
    expected = _field_type(source, section, key)
    try:
        checked = msgspec.convert(value, expected)
    except msgspec.ValidationError:
        checked = None
    if checked is None or checked != checked:  # noqa: PLR0124  # NaN passes every range check
        raise ConfigError(
            f"{source}: {section}.{key} = {_toml(value)} is not allowed", hint=f"allowed: {_allowed(expected)}"
        )
    return value


def _unknown(source: str, dotted: str, name: str, known: tuple[str, ...]) -> ConfigError:
    """Return the error for a key that does not exist, with the nearest that does."""
    from difflib import get_close_matches  # noqa: PLC0415  # only on the way to an error

    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    return ConfigError(f"{source}: unknown key {dotted}", hint=hint)


def _allowed(expected: Any) -> str:
    """Return the range or the choices of an annotated type in words."""
    plain, meta = expected.__origin__, expected.__metadata__[0]
    if plain is bool:
        return "`true` or `false`"
    if plain == tuple[str, ...]:
        return "a list of strings"
    if plain is int:
        return f"an integer, {meta.ge} to {meta.le}"
    if plain is float:
        return f"a number, {meta.ge} to {meta.le}"
    if plain is str:
        return f"a string that matches `{meta.pattern}`" if meta.pattern else "a text"
    return "one of " + ", ".join(f"`{choice}`" for choice in plain.__args__)


def _toml(value: Any) -> str:
    """Return a value the way a TOML file writes it."""
    if isinstance(value, float):  # JSON has no nan
        return repr(value)
    return msgspec.json.encode(value, enc_hook=str).decode()


if __name__ == "__main__":
    import sys

    sys.stdout.write(reference())
