"""What the chaos scripts share: a copy of a real tree, and random things that happen to it.

It never looks at what driftd makes of a change, only at files.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SUFFIXES = (".py", ".pyi", ".ts", ".tsx", ".js", ".jsx", ".mjs")
PATIENCE_S = 900.0  # for an answer: the machine may be busy with other things
NOT_COPIED = shutil.ignore_patterns(".drift", ".git", "__pycache__", "node_modules")


@contextmanager
def copied(workspace: Path) -> Iterator[Path]:
    """Copy a tree into a folder that goes afterwards, and yield the copy."""
    with TemporaryDirectory(prefix="driftd-chaos-") as folder:
        root = Path(folder).resolve() / "w"
        shutil.copytree(workspace, root, ignore=NOT_COPIED, symlinks=True)
        yield root


def memory_kib(pid: int, kind: str) -> int:
    """Return a figure of proc(5) on a process in KiB: VmRSS, VmHWM, RssAnon (its own), RssFile (mapped files)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{kind}:")[2].split()[0])


def report(figures: dict[str, object]) -> None:
    """Print the result as one JSON line."""
    print(json.dumps(figures), flush=True)


class Chaos:
    """Changes a tree at random, as editors, tools and people do; `done` counts what was done."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._number = 0
        self._found: list[Path] | None = None
        self._actions: list[tuple[int, Callable[[], bool]]] = [
            (20, self.edit_body),
            (12, self.edit_signature),
            (6, self.replace_name),
            (8, self.add_file),
            (8, self.delete_file),
            (8, self.rename_file),
            (3, self.rename_directory),
            (2, self.delete_directory),
            (4, self.copy_directory),
            (6, self.change_ignores),
            (4, self.touch),
            (4, self.edit_same_size),
            (4, self.to_ignored_directory_and_back),
            (5, self.break_syntax),
            (3, self.file_to_directory),
            (5, self.save_atomically),
            (3, self.truncate),
            (3, self.swap),
            (2, self.link),
            (2, self.binary),
        ]

    def step(self) -> str:
        """Do one thing and return its name."""
        weights = [weight for weight, _ in self._actions]
        while True:
            self._found = None
            ((_, action),) = self.random.choices(self._actions, weights)
            if action():
                self.done[action.__name__] += 1
                return action.__name__

    def sources(self) -> list[Path]:
        """Return every source file there was at the beginning of the step, ignored ones too, in a stable order."""
        if self._found is not None:
            return self._found
        found: list[Path] = []
        for folder, names, files in os.walk(self.root):
            names[:] = sorted(name for name in names if name != ".drift")
            found += [Path(folder, name) for name in sorted(files) if name.endswith(SUFFIXES)]
        self._found = [path for path in found if not path.is_symlink()]
        return self._found

    def edit_body(self) -> bool:
        path = self._any()
        lines = _text(path).splitlines(keepends=True)
        place = self.random.randrange(len(lines) + 1)
        number = self._next()
        added = f"value_{number} = {number}\n" if path.suffix.startswith(".py") else f"var value_{number} = {number};\n"
        indent = re.match(r"[ \t]*", lines[place]) if place < len(lines) else None
        lines.insert(place, (indent[0] if indent else "") + added)
        return _write(path, "".join(lines))

    def edit_signature(self) -> bool:
        return self._substitute(r"(def|function) (\w+)\(", lambda m: f"{m[1]} {m[2]}_{self._next()}(")

    def replace_name(self) -> bool:
        return self._substitute(r"import (\w+)", lambda m: f"import {m[1]}_{self._next()}")

    def add_file(self) -> bool:
        near = self._any()
        number = self._next()
        folder = near.parent if self.random.random() < 0.7 else near.parent / f"new_{number}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        text = _text(near) if self.random.random() < 0.6 else f"def added_{number}():\n    return added_{number}()\n"
        return _write(folder / f"added_{number}{near.suffix}", text)

    def delete_file(self) -> bool:
        self._any().unlink()
        return True

    def rename_file(self) -> bool:
        path, near = self._any(), self._any()
        path.rename(near.parent / f"renamed_{self._next()}{path.suffix}")
        return True

    def rename_directory(self) -> bool:
        folder = self._directory()
        folder.rename(folder.with_name(f"moved_{self._next()}"))
        return True

    def delete_directory(self) -> bool:
        folder = self._directory(most=15)
        shutil.rmtree(folder)
        return True

    def copy_directory(self) -> bool:
        folder = self._directory(most=40)
        shutil.copytree(folder, folder.with_name(f"copy_{self._next()}"), symlinks=True)
        return True

    def change_ignores(self) -> bool:
        path = self._any()
        folder = self.random.choice([self.root, path.parent])
        name = path.relative_to(folder).parts[0]
        lines = self.random.choice(
            [[name], ["*.tmp", f"/{name}", f"!/{name}"], [f"*{path.suffix}", f"!{path.name}"], []]
        )
        file = folder / self.random.choice([".gitignore", ".driftignore"])
        if not lines and file.exists():
            file.unlink()
            return True
        return _write(file, "\n".join(lines) + "\n")

    def touch(self) -> bool:
        self._any().touch()
        return True

    def edit_same_size(self) -> bool:
        return self._substitute(r"[A-Za-z](?=\w*\()", lambda m: "q" if m[0] != "q" else "z")

    def to_ignored_directory_and_back(self) -> bool:
        ignored = self.root / "node_modules"
        ignored.mkdir(exist_ok=True)
        path = self._any()
        if path.parent == ignored:
            path.rename(self.root / f"back_{self._next()}{path.suffix}")
        else:
            path.rename(ignored / f"gone_{self._next()}{path.suffix}")
        return True

    def break_syntax(self) -> bool:
        path = self._any()
        text = _text(path)
        place = self.random.randrange(len(text) + 1)
        return _write(
            path, text[:place] + self.random.choice(["(", '"""', "}", "\n  def :", "class", "`${"]) + text[place:]
        )

    def file_to_directory(self) -> bool:
        path = self._any()
        text = _text(path)
        path.unlink()
        path.mkdir()
        return _write(path / f"inner{path.suffix}", text)

    def save_atomically(self) -> bool:
        path = self._any()
        draft = path.with_name(f".{path.name}.swp~")
        _write(draft, _text(path) + f"\n# saved {self._next()}\n")
        draft.replace(path)
        return True

    def truncate(self) -> bool:
        return _write(self._any(), "")

    def swap(self) -> bool:
        one, other = self._any(), self._any()
        if one == other or one.suffix != other.suffix:
            return False
        spare = one.with_name(f"spare_{self._next()}")
        one.rename(spare)
        other.rename(one)
        spare.rename(other)
        return True

    def link(self) -> bool:
        path = self._any()
        (path.parent / f"link_{self._next()}{path.suffix}").symlink_to(path.name)
        return True

    def binary(self) -> bool:
        self._any().write_bytes(b"\0\1\2" * 50)
        return True

    def _any(self) -> Path:
        return self.random.choice(self.sources())

    def _directory(self, most: int = 10_000) -> Path:
        folders = [path.parent for path in self.sources() if path.parent != self.root]
        for _ in range(1000):
            folder = self.random.choice(folders)
            if sum(1 for _ in folder.rglob("*")) <= most:
                return folder
        raise RuntimeError("no folder is small enough")

    def _substitute(self, pattern: str, new: Callable[[re.Match[str]], str]) -> bool:
        path = self._any()
        text = _text(path)
        found = list(re.finditer(pattern, text))
        if not found:
            return False
        match = self.random.choice(found)
        return _write(path, text[: match.start()] + new(match) + text[match.end() :])

    def _next(self) -> int:
        self._number += 1
        return self._number


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _write(path: Path, text: str) -> bool:
    path.write_text(text, encoding="utf-8")
    return True
