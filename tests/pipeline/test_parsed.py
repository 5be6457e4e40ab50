"""What was parsed ahead of the packs says what their TOML says, and is not used for any other text."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from driftd.pipeline import parsed

PACKS = Path(str(files("driftd.pipeline").joinpath("packs")))
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(PACKS.rglob("*.toml"))]
EDITED = 'name = "edited"'


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Return what lets the bytes be those that an installation wrote."""
    monkeypatch.setattr(parsed, "files", lambda _package: tmp_path)

    def write(data: bytes) -> None:
        (tmp_path / "packs").mkdir()
        (tmp_path / "packs" / parsed.NAME).write_bytes(data)
        parsed._known.cache_clear()

    yield write
    parsed._known.cache_clear()


def _written(texts: list[str], folder: Path) -> bytes:
    for number, text in enumerate(texts):
        (folder / f"{number}.toml").write_text(text, encoding="utf-8")
    return parsed.write(folder).read_bytes()


def test_what_was_parsed_ahead_is_what_the_texts_say(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[[bytes], None]
) -> None:
    write(_written(TEXTS, tmp_path_factory.mktemp("packs")))
    assert len(parsed._known()) == len(TEXTS)
    for text in TEXTS:
        # Written out, so that 1 is not 1.0 and the order of keys counts.
        assert repr(parsed.toml(text)) == repr(tomllib.loads(text))


def test_a_text_that_was_edited_since_is_parsed(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[[bytes], None]
) -> None:
    write(_written(TEXTS[:1], tmp_path_factory.mktemp("packs")))
    assert parsed.toml(EDITED) == {"name": "edited"}
    with pytest.raises(ValueError, match="Invalid value"):
        parsed.toml("name =")


@pytest.mark.parametrize("data", [b"", b"\xc1 damaged", parsed.encode([1])])
def test_a_damaged_file_is_left_aside(data: bytes, write: Callable[[bytes], None]) -> None:
    write(data)
    assert parsed.toml(EDITED) == {"name": "edited"}


def test_what_is_returned_is_the_callers_own(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[[bytes], None]
) -> None:
    write(_written([EDITED], tmp_path_factory.mktemp("packs")))
    parsed.toml(EDITED).clear()
    assert parsed.toml(EDITED) == {"name": "edited"}
