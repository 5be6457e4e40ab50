"""Configuration: where a value comes from, and what a wrong one is answered with."""

from __future__ import annotations

import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

from driftd import config
from driftd.config import RetentionSettings, Settings, load
from driftd.errors import ConfigError

NOWHERE = {"XDG_CONFIG_HOME": "/nonexistent"}


def write(folder: Path, text: str) -> Path:
    path = folder / "drift.toml"
    path.write_text(text)
    return path


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    """The defaults are those of the reference."""
    settings = load(tmp_path, environ=NOWHERE)
    assert settings == Settings()
    assert settings.scan.max_file_size == 1_048_576
    assert settings.rpc.max_frame_bytes == 16 * 1024 * 1024
    assert (settings.retention.short_days, settings.retention.medium_days, settings.retention.long_days) == (
        30,
        90,
        365,
    )


def test_the_nearer_source_wins_key_by_key(tmp_path: Path) -> None:
    """Environment before workspace before user; a key that a source lacks comes from the next one."""
    user = tmp_path / "config" / "driftd"
    user.mkdir(parents=True)
    (user / "config.toml").write_text("[watch]\nstep_ms = 1\ndebounce_ms = 2\nreconcile_interval_s = 30\n")
    write(tmp_path, "[watch]\ndebounce_ms = 5\nreconcile_interval_s = 60\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "DRIFTD_WATCH__RECONCILE_INTERVAL_S": "90"}
    watch = load(tmp_path, environ=environ).watch
    assert (watch.step_ms, watch.debounce_ms, watch.reconcile_interval_s) == (1, 5, 90)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[scan]\nmax_file_siz = 5\n", "unknown key scan.max_file_siz (did you mean max_file_size?)"),
        ("[scam]\n", "unknown key scam (did you mean scan?)"),
        ("scan = 3\n", "scan = 3 is not a table (write [scan])"),
        (
            "[scan]\nmax_file_size = 5\n",
            "scan.max_file_size = 5 is not allowed (allowed: an integer, 1024 to 104857600)",
        ),
        ("[scan]\nexclude = 'x'\n", 'scan.exclude = "x" is not allowed (allowed: a list of strings)'),
        ("[watch]\npolling = 1\n", "watch.polling = 1 is not allowed (allowed: `true` or `false`)"),
        (
            "[analysis]\nfile_timeout_s = nan\n",
            "analysis.file_timeout_s = nan is not allowed (allowed: a number, 0.1 to 3600)",
        ),
        (
            '[log]\nlevel = "loud"\n',
            'log.level = "loud" is not allowed (allowed: one of `debug`, `info`, `warning`, `error`)',
        ),
        (
            "[retention]\nshort_days = 100\n",
            "retention.short_days = 100 is more than retention.medium_days = 90 (the tiers must not get shorter)",
        ),
        (
            '[retention]\ninterval = "1 day"\n',
            'retention.interval = "1 day" is not allowed (allowed: a string that matches `^[1-9][0-9]{0,4}[mhd]$`)',
        ),
        (
            "[retention]\nmax_db_mb = -1\n",
            "retention.max_db_mb = -1 is not allowed (allowed: an integer, 0 to 1048576)",
        ),
        ("[log]\nlevel = \n", "Invalid value (at line 2, column 9) (correct the TOML syntax)"),
    ],
)
def test_a_wrong_file_is_named_with_key_value_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    """Nothing wrong is passed over: the error says where it stands and what may stand there."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, environ=NOWHERE)
    assert str(raised.value) == f"{path}: {message}"


def test_a_file_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    (tmp_path / "drift.toml").write_bytes(b"[log]\nlevel = '\xff'\n")
    with pytest.raises(ConfigError, match=r"drift\.toml: not UTF-8 \(at line 2\)"):
        load(tmp_path, environ=NOWHERE)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A configuration that is there is never silently left out."""
    (tmp_path / "drift.toml").mkdir()
    with pytest.raises(ConfigError, match=r"drift\.toml: cannot be read: Is a directory"):
        load(tmp_path, environ=NOWHERE)


def test_tiers_may_be_ordered_by_two_sources_together(tmp_path: Path) -> None:
    """A value is judged with those it meets, not with the defaults that another source replaces."""
    write(tmp_path, "[retention]\nshort_days = 100\n")
    retention = load(tmp_path, environ={**NOWHERE, "DRIFTD_RETENTION__MEDIUM_DAYS": "200"}).retention
    assert (retention.short_days, retention.medium_days) == (100, 200)


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("24h", 86_400), ("7d", 604_800)])
def test_the_interval_of_clean_ups_has_a_unit(text: str, seconds: int) -> None:
    """Minutes, hours or days."""
    assert RetentionSettings(interval=text).interval_s() == seconds


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("DRIFTD_SCAN__EXCLUDE", "a/, *.gen.py", "scan.exclude", ("a/", "*.gen.py")),
        ("DRIFTD_SCAN__EXCLUDE", '["a,b"]', "scan.exclude", ("a,b",)),
        ("DRIFTD_WATCH__POLLING", "true", "watch.polling", True),
        ("DRIFTD_ANALYSIS__FILE_TIMEOUT_S", "5", "analysis.file_timeout_s", 5.0),
        ("DRIFTD_LOG__FORMAT", "json", "log.format", "json"),
    ],
)
def test_the_environment_is_read_by_the_type_of_the_key(
    tmp_path: Path, name: str, text: str, key: str, value: object
) -> None:
    """A list is written with commas or as TOML; words and numbers as they are."""
    settings = load(tmp_path, environ={**NOWHERE, name: text})
    assert attrgetter(key)(settings) == value


@pytest.mark.parametrize("name", ["DRIFTD_SCAN__EXCLUD", "DRIFTD_SCAM__EXCLUDE"])
def test_an_unknown_key_in_the_environment_is_an_error(tmp_path: Path, name: str) -> None:
    """A misspelt variable has no effect, which is the last thing anyone wants to find out."""
    with pytest.raises(ConfigError, match=f"environment variable {name}: unknown key"):
        load(tmp_path, environ={**NOWHERE, name: "x"})


def test_other_variables_of_the_environment_are_left_alone(tmp_path: Path) -> None:
    """Only names with a section and a key are configuration."""
    assert load(tmp_path, environ={**NOWHERE, "DRIFTD_WORKSPACE": "x"}) == Settings()


def test_tiers_out_of_order_cannot_be_constructed() -> None:
    """The rule holds for settings made in code, too."""
    with pytest.raises(ValueError, match=r"retention\.medium_days = 90 is more than retention\.long_days = 60"):
        RetentionSettings(long_days=60)


def test_workers_are_the_usable_cpus_but_at_most_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """More workers than eight only cost memory; a given number is taken as it is."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(32)))
    assert config.AnalysisSettings().worker_count() == 8
    assert config.AnalysisSettings(workers=20).worker_count() == 20


def test_the_reference_page_is_current() -> None:
    """`docs/configuration.md` is what `python -m driftd.config` prints."""
    page = Path(__file__).parent.parent / "docs" / "configuration.md"
    assert page.read_text() == config.reference()


def test_importing_the_configuration_is_cheap() -> None:
    """The command line loads it at every start."""
    program = "import sys, driftd.config; print(*sorted({'platformdirs', 'asyncio', 'structlog', 'difflib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b""
