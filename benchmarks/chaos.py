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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from driftd.pipeline.facts.languages.registry import language_of

# What a line of each language looks like that declares a value, and a function that calls another.
STATEMENTS = {
    (".py", ".pyi", ".rb"): "value_{n} = {n}",
    (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".swift", ".go"): "var value_{n} = {n}",
    (".kt", ".kts", ".scala"): "val value_{n} = {n}",
    (".java", ".cs", ".c", ".h", ".cc", ".cpp", ".hpp"): "static int value_{n} = {n};",
    (".rs",): "static VALUE_{n}: i32 = {n};",
    (".php",): "$value_{n} = {n};",
    (".env", ".example"): "VALUE_{n}={n}",
    (".prisma",): "model Value{n} {{ id Int @id }}",
}
FUNCTIONS = {
    (".py", ".pyi"): "def added_{n}(x={name}):\n    return {name}(x)",
    (".rb",): "def added_{n}(x)\n  {name}(x)\nend",
    (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".php"): "function added_{n}($x) {{ return {name}($x); }}",
    (".swift", ".go"): "func added_{n}() {{ {name}() }}",
    (".kt", ".kts"): "fun added_{n}() {{ {name}() }}",
    (".scala",): "def added_{n}() = {{ {name}() }}",
    (".java", ".cs", ".c", ".h", ".cc", ".cpp", ".hpp"): "void added_{n}() {{ {name}(); }}",
    (".rs",): "fn added_{n}() {{ {name}(); }}",
}
# A name at its definition, by keyword or, in the family of C, by the parameters and the brace behind it.
DEFINITION = r"\b(?:def|function|func|fun|fn|class|struct|interface|trait|object|enum|type|module|impl) +(\w+)"
DEFINITION += r"|\b(?!if\b|for\b|while\b|switch\b|catch\b)(\w+)\([^;{}()]*\)[^;{}()]*\{"
# A line that says where names come from or where they go.
HEADER = r"^[ \t]*(?:(?:pub|export|open|static|global|from|import|using|package|namespace|use|mod|require|require_relative|include|extern)\b|#include\b).*"
WORD = r"[A-Za-z_]\w+"
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
        self._before: list[tuple[Path, str]] = []  # texts that a change has replaced, for `revert`
        self._actions: list[tuple[int, Callable[[], bool]]] = [
            (14, self.edit_body),
            (8, self.add_function),
            (8, self.rename_definition),
            (6, self.remove_block),
            (6, self.copy_block),
            (4, self.move_block),
            (10, self.edit_header),
            (8, self.edit_manifest),
            (4, self.add_manifest),
            (8, self.revert),
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
            found += [Path(folder, name) for name in sorted(files) if language_of(name)]
        self._found = [path for path in found if not path.is_symlink()]
        return self._found

    def edit_body(self) -> bool:
        path = self._any()
        statement = _of_suffix(STATEMENTS, path)
        if statement is None:
            return False
        lines = _text(path).splitlines(keepends=True)
        place = self.random.randrange(len(lines) + 1)
        indent = re.match(r"[ \t]*", lines[place]) if place < len(lines) else None
        lines.insert(place, (indent[0] if indent else "") + statement.format(n=self._next()) + "\n")
        return self._write(path, "".join(lines))

    def add_function(self) -> bool:
        """Put a function between two blocks, with a call of a name that stands in a file of the same language."""
        path = self._any()
        function = _of_suffix(FUNCTIONS, path)
        names = re.findall(WORD, _text(self._like(path)))
        if function is None or not names:
            return False
        return self._insert(path, function.format(n=self._next(), name=self.random.choice(names)) + "\n")

    def rename_definition(self) -> bool:
        def renamed(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            return match[0].replace(name, f"{name}_{self._next()}", 1)

        return self._substitute(DEFINITION, renamed)

    def remove_block(self) -> bool:
        return bool(self._cut(self._any()))

    def copy_block(self) -> bool:
        path = self._any()
        blocks = _blocks(_text(path))
        if not blocks:
            return False
        start, end = self.random.choice(blocks)
        return self._insert(self._like(path), "".join(_text(path).splitlines(keepends=True)[start:end]))

    def move_block(self) -> bool:
        path = self._any()
        block = self._cut(path)
        return bool(block) and self._insert(self._like(path), block)

    def edit_header(self) -> bool:
        """Rename, remove or replace an import, a package or a namespace, or bring one from a file of the language."""
        path = self._any()
        theirs = re.findall(HEADER, _text(self._like(path)), re.MULTILINE)
        kind = self.random.choice(["rename", "remove", "replace", "bring"])
        if kind in {"replace", "bring"} and not theirs:
            return False

        def changed(match: re.Match[str]) -> str:
            if kind == "rename":
                words = list(re.finditer(WORD, match[0]))
                at = self.random.choice(words).end()
                return f"{match[0][:at]}_{self._next()}{match[0][at:]}"
            if kind == "remove":
                return ""
            brought = str(self.random.choice(theirs))
            return brought if kind == "replace" else f"{match[0]}\n{brought}"

        return self._substitute(HEADER, changed, path)

    def edit_manifest(self) -> bool:
        """Change a manifest: without a line, with a text from another one, or with the name of something else."""
        path = self._manifest()
        if path is None:
            return False
        text = _text(path)
        if self.random.random() < 0.3:
            lines = text.splitlines(keepends=True)
            place = self.random.randrange(len(lines) or 1)
            del lines[place : place + 1]
            return self._write(path, "".join(lines))
        other = self._manifest(path.name) or path
        texts = re.findall(r'"[^"\n]*"|\S+/\S+', _text(other))
        if not texts:
            return False
        new = str(self.random.choice(texts)) if self.random.random() < 0.7 else f'"changed-{self._next()}"'
        return self._substitute(r'"[^"\n]*"|\S+/\S+', lambda _: new, path)

    def add_manifest(self) -> bool:
        """Copy a manifest into the folder of some source, over one that is there, or remove one."""
        path = self._manifest()
        if path is None:
            return False
        if self.random.random() < 0.3:
            path.unlink()
            return True
        return self._write(self._any().parent / path.name, _text(path))

    def revert(self) -> bool:
        """Give a file a text that it had before, as `git checkout` does."""
        if not self._before:
            return False
        path, text = self._before.pop(self.random.randrange(len(self._before)))
        if path.is_dir() or not path.parent.is_dir():
            return False
        return self._write(path, text)

    def add_file(self) -> bool:
        near = self._any()
        number = self._next()
        folder = near.parent if self.random.random() < 0.7 else near.parent / f"new_{number}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        function = _of_suffix(FUNCTIONS, near)
        made = function.format(n=number, name=f"added_{number}") + "\n" if function else ""
        text = _text(near) if self.random.random() < 0.6 else made
        return self._write(folder / f"added_{number}{near.suffix}", text)

    def delete_file(self) -> bool:
        self._any().unlink()
        return True

    def rename_file(self) -> bool:
        path, near = self._any(), self._any()
        kept = self.random.random() < 0.3  # a file of this name elsewhere: what is looked up by name finds another
        place = near.parent / (path.name if kept else f"renamed_{self._next()}{path.suffix}")
        if place.is_dir():
            return False
        path.replace(place)
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
        return self._write(file, "\n".join(lines) + "\n")

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
        return self._write(
            path, text[:place] + self.random.choice(["(", '"""', "}", "\n  def :", "class", "`${"]) + text[place:]
        )

    def file_to_directory(self) -> bool:
        path = self._any()
        text = _text(path)
        path.unlink()
        path.mkdir()
        return self._write(path / f"inner{path.suffix}", text)

    def save_atomically(self) -> bool:
        path = self._any()
        draft = path.with_name(f".{path.name}.swp~")
        self._write(draft, _text(path) + f"\n# saved {self._next()}\n")
        draft.replace(path)
        return True

    def truncate(self) -> bool:
        return self._write(self._any(), "")

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

    def _like(self, path: Path) -> Path:
        """Return a file of the same kind, maybe itself."""
        return self.random.choice([other for other in self.sources() if other.suffix == path.suffix])

    def _manifest(self, name: str = "") -> Path | None:
        found = [p for p in self.sources() if _is_manifest(p.name) and name in {"", p.name}]
        return self.random.choice(found) if found else None

    def _cut(self, path: Path) -> str:
        """Take a block out of a file; "" if it has none."""
        text = _text(path)
        blocks = _blocks(text)
        if not blocks:
            return ""
        start, end = self.random.choice(blocks)
        lines = text.splitlines(keepends=True)
        self._write(path, "".join(lines[:start] + lines[end:]))
        return "".join(lines[start:end])

    def _insert(self, path: Path, added: str) -> bool:
        """Put lines behind some block of a file, or at its end."""
        lines = _text(path).splitlines(keepends=True)
        places = [end for _, end in _blocks("".join(lines))]
        lines.insert(self.random.choice([*places, len(lines)]), added)
        return self._write(path, "".join(lines))

    def _substitute(self, pattern: str, new: Callable[[re.Match[str]], str], path: Path | None = None) -> bool:
        path = path or self._any()
        text = _text(path)
        found = list(re.finditer(pattern, text, re.MULTILINE))
        if not found:
            return False
        match = self.random.choice(found)
        return self._write(path, text[: match.start()] + new(match) + text[match.end() :])

    def _write(self, path: Path, text: str) -> bool:
        if path.is_file():
            self._before.append((path, _text(path)))
        path.write_text(text, encoding="utf-8")
        return True

    def _next(self) -> int:
        self._number += 1
        return self._number


def _of_suffix(table: Mapping[tuple[str, ...], str], path: Path) -> str | None:
    return next((text for suffixes, text in table.items() if path.suffix in suffixes), None)


def _is_manifest(name: str) -> bool:
    return language_of(name) in {"json", "toml", "gomod", "yaml", "dotenv"}


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return the lines from one whose next is indented deeper up to where its indentation ends, closing line included."""
    lines = text.splitlines()
    depths = [len(line) - len(line.lstrip()) if line.strip() else None for line in lines]
    found = []
    for start, depth in enumerate(depths[:-1]):
        if depth is None or (depths[start + 1] or 0) <= depth:
            continue
        end = start + 1
        while end < len(lines) and ((deep := depths[end]) is None or deep > depth):
            end += 1
        if end < len(lines) and depths[end] == depth and lines[end].lstrip().startswith(("}", "end", ")")):
            end += 1
        found.append((start, end))
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
