"""The workspace in memory: per file its compressed facts, its interface and the ids of its functions; module names.

`apply` takes a file's contribution out and puts the new one in, and says what others can notice of it.  Everything
else a stage wants is decoded on demand.  There is no file access, no database and no clock here, and
no call graph: stages keep what they derive.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.digest import FUNCTION_IDS, INTERFACE, MANIFEST, Part, digest_again
from driftd.pipeline.faces import Interface
from driftd.pipeline.facts.codec import decode, decompress, encode_into
from driftd.pipeline.facts.model import FactsOfCalls, FileFacts, Outline, OutlineOnly
from driftd.pipeline.interface import binder_of, changed_keys, shape
from driftd.pipeline.kept import facts_of_calls, take
from driftd.pipeline.learned import NOTHING_LEARNED, Learned
from driftd.pipeline.manifests import LANGUAGES as MANIFESTS
from driftd.pipeline.manifests import Manifest
from driftd.pipeline.modules import ModuleIndex
from driftd.pipeline.packages import PackageIndex
from driftd.pipeline.slab import lay, tidy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from driftd.pipeline.binder import Binder
    from driftd.pipeline.detect.marks import Fault
    from driftd.pipeline.slab import Slab

T = TypeVar("T")

PIECES: Final = 2  # of a file in a slab
MANY_FILES: Final = 200  # of which not everything is held decoded at once


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file as the workers hand it over: `facts` is FileFacts in msgpack, compressed, `digest` what `digest_of` makes.

    Without a digest the project makes it.
    """

    path: str
    language: str
    facts: bytes = field(repr=False)
    digest: bytes = field(default=b"", repr=False)
    ticket: int = 0  # under which a process has it decoded (see `kept`); 0: none


@dataclass(frozen=True, slots=True)
class Change:
    """What one `apply` did.

    changed: files that are new or have other facts
    removed: files that are gone
    interface_changed: files whose names are looked up in another way than before: new and gone ones among them
    names_changed: keys (see `interface`) of names, classes and functions of other files that are something else now
    lookups_changed: keys of module lookups (see `modules`) that have another answer
    """

    changed: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    interface_changed: frozenset[str] = frozenset()
    names_changed: frozenset[str] = frozenset()
    lookups_changed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, parts: Collection[Change]) -> Change:
        """Return the one change that changes of different files amount to."""
        return cls(*[frozenset[str]().union(*[getattr(part, field.name) for part in parts]) for field in fields(cls)])

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.changed or self.removed)


class FunctionAt(NamedTuple):
    """Where a function is defined: `number` is its index in the file's outline."""

    file: str
    number: int


class SourceFile:
    """One file of the project."""

    __slots__ = (
        "_digest", "_encoded", "_facts", "_interface", "_number", "_slab", "function_ids", "home",
        "language", "manifest", "path", "ticket",
    )  # fmt: skip

    def __init__(
        self,
        entry: FileEntry,
        function_ids: tuple[int, ...],
        manifest: Manifest | None = None,
        interface: msgspec.Raw | None = None,
    ) -> None:
        self.path = entry.path
        self.language = entry.language
        self._facts = entry.facts
        self._digest = entry.digest
        self.ticket = entry.ticket
        self._slab: Slab | None = None  # holds facts and digest instead, from this number on
        self._number = 0
        self._interface: Interface | None = None
        self._encoded = interface
        self.function_ids = function_ids  # parallel to the outline's functions
        self.manifest = manifest  # what it says about module names
        self.home = ""  # where its absolute imports start

    @property
    def facts(self) -> bytes:
        """The file's facts, encoded and compressed."""
        return self._facts if self._slab is None else self._slab[self._number]

    @facts.setter
    def facts(self, facts: bytes) -> None:
        self._facts = facts

    @property
    def digest(self) -> bytes:
        """The file's encoded digest."""
        return self._digest if self._slab is None else self._slab[self._number + 1]

    @property
    def slab(self) -> Slab | None:
        """Where facts and digest lie, together with those of other files; None if they lie by themselves."""
        return self._slab

    def pieces(self) -> tuple[bytes, bytes]:
        """Return what lies in a slab."""
        return self.facts, self.digest

    def lay(self, slab: Slab, number: int) -> None:
        """Have facts and digest lie in a slab."""
        self._slab, self._number = slab, number
        self._facts = self._digest = b""

    @property
    def interface(self) -> Interface:
        """What other files can see of it; decoded when it is first asked for."""
        found = self._interface
        if found is None:
            found = self._interface = decode(self.encoded_interface(), Interface)
        return found

    def rest(self) -> None:
        """Let go of what was decoded; whoever asks next decodes it again."""
        self._interface = None

    def encoded_interface(self) -> msgspec.Raw:
        """Return the interface as it is in the digest."""
        return msgspec.Raw(INTERFACE.encoded(self.digest)) if self._encoded is None else self._encoded

    def view(self, kind: type[T]) -> T:
        """Decode the facts as `kind`, a struct of the same positions."""
        return decode(decompress(self.facts), kind)

    def part(self, part: Part[T]) -> T:
        """Decode one of the parts of the digest."""
        return part.of(self.digest)

    def outline(self) -> Outline:
        """Decode the whole outline."""
        return self.view(OutlineOnly).outline

    def facts_of_calls(self) -> FileFacts:
        """Decode what resolving the file's calls reads; the rest is left out."""
        return facts_of_calls(self.view(FactsOfCalls))

    def binder_for_calls(self) -> Binder:
        """Return the name tables of the file and the facts that resolving its calls reads."""
        displays = max(self.interface.displays, default=-1) + 1  # further ones get other numbers
        kept = take(self.path, self.facts, self.ticket)
        if kept is not None:
            kept.go_on_for_calls(displays)
            return kept
        binder = binder_of(self.facts_of_calls())
        binder.run_for_calls(displays)
        return binder

    def all_facts(self) -> FileFacts:
        """Decode everything."""
        return self.view(FileFacts)


class Project:
    """All files of the workspace.  Iterating gives their paths."""

    def __init__(self, *, in_slabs: bool = True) -> None:
        """`in_slabs`: what is kept of many files lies together, for a process that goes on (see `slab`)."""
        self._in_slabs = in_slabs
        self.modules = ModuleIndex()
        self.packages = PackageIndex()
        self.learned: Learned = NOTHING_LEARNED  # set anew before each run
        self.departures: dict[str, tuple[Fault, ...]] = {}  # by file: where it departs from what the project does
        self.departures_changed: set[str] = set()  # files of which they are others than in the run before
        self._files: dict[str, SourceFile] = {}
        self._function_files: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: object) -> bool:
        return path in self._files

    @property
    def files(self) -> Collection[SourceFile]:
        """All files, in no order that means anything."""
        return self._files.values()

    def __getitem__(self, path: str) -> SourceFile:
        """Return a file; raises KeyError if it is not there."""
        return self._files[path]

    def file(self, path: str) -> SourceFile | None:
        """Return a file, or None."""
        return self._files.get(path)

    def function(self, function: int) -> FunctionAt | None:
        """Return where the function of this id is defined, or None."""
        path = self._function_files.get(function)
        return None if path is None else FunctionAt(path, self._files[path].function_ids.index(function))

    @property
    def function_count(self) -> int:
        """How many functions there are, `<module>` ones included."""
        return len(self._function_files)

    def apply(self, changes: Mapping[str, FileEntry | None]) -> Change:
        """Put new or changed files in and take files out (None); the facts must be sound.

        A file whose facts are the same bytes as before is not a change.  Raises msgspec.DecodeError for facts that
        are not FileFacts, before anything is changed.
        """
        incoming = {
            path: _new_file(entry)
            for path, entry in changes.items()
            if entry is not None and not self._same(path, entry)
        }
        gone = {path for path, entry in changes.items() if entry is None and path in self._files}
        interface_changed = set(gone)
        names_changed: set[str] = set()
        for path in gone:
            lost = self._files.pop(path)
            self._forget(lost)
            self.modules.remove(path)
            self.packages.put(path, lost.language, None)
            if lost.manifest is not None:
                self._configure(path, None)
        for path, new in incoming.items():
            old = self._files.get(path)
            if old is None:
                self.modules.add(path)
            else:
                self._forget(old)
                new.home = old.home
            if old is None or old.language != new.language:
                interface_changed.add(path)
            elif old.encoded_interface() != new.encoded_interface():
                if shape(old.interface) != shape(new.interface):
                    interface_changed.add(path)
                else:
                    names_changed |= changed_keys(path, old.interface, new.interface)
                if len(incoming) >= MANY_FILES:
                    new.rest()  # nobody may ask for it before the whole change is over
            if new.manifest is not None or (old is not None and old.manifest is not None):
                self._configure(path, new.manifest)
            self.packages.put(path, new.language, new.interface if new.language in DIALECTS else None)
            self._files[path] = new
            for number in new.function_ids:
                self._function_files[number] = path
        names_changed |= self.packages.settle()
        lookups_changed, homes_may_differ = self.modules.settle()
        if self._in_slabs and len(incoming) >= MANY_FILES:
            lay(incoming.values())
        for path in self._files if homes_may_differ else incoming:
            file, home = self._files[path], self.modules.home(path)
            if home != file.home:
                file.home = home
                interface_changed.add(path)
        return Change(
            changed=frozenset(incoming),
            removed=frozenset(gone),
            interface_changed=frozenset(interface_changed),
            names_changed=frozenset(names_changed),
            lookups_changed=lookups_changed,
        )

    def snapshot(self) -> bytes:
        """Return what other processes need to look names up: paths, languages, ids and interfaces, without facts."""
        # File by file: all together, what is encoded would be in memory twice, in small pieces.
        encoded = bytearray(_ARRAY + len(self._files).to_bytes(4, "big"))
        for f in self._files.values():
            encode_into((f.path, f.language, f.function_ids, f.encoded_interface(), f.manifest), encoded, -1)
        return bytes(encoded)

    @classmethod
    def from_snapshot(cls, snapshot: bytes) -> Project:
        """Return a project in which names can be looked up; files get their facts with `SourceFile.facts`."""
        project = cls()
        for path, language, ids, interface, manifest in _decode_snapshot(snapshot):
            file = SourceFile(FileEntry(path, language, b""), ids, manifest, interface)
            project._files[path] = file
            project.modules.add(path)
            project.packages.put(path, language, file.interface if language in DIALECTS else None)
            if manifest is not None:
                project._configure(path, manifest)
        project.modules.settle()
        project.packages.settle()
        for file in project.files:
            file.home = project.modules.home(file.path)
        return project

    def rest(self) -> None:
        """Give up what can be decoded again, and have what is kept lie together, without gaps of what is gone."""
        self._function_files = dict(self._function_files)
        for file in self._files.values():
            file.rest()
            file.ticket = 0  # no process is asked for it again
        tidy(self._files.values(), PIECES)

    def everything(self) -> Change:
        """Return the change that brings a stage without state up to date: all files as new."""
        paths = frozenset(self._files)
        return Change(changed=paths, interface_changed=paths)

    def _configure(self, path: str, manifest: Manifest | None) -> None:
        self.modules.configure(path, manifest)
        self.packages.configure(path, manifest)

    def _same(self, path: str, entry: FileEntry) -> bool:
        old = self._files.get(path)
        return old is not None and old.language == entry.language and old.facts == entry.facts

    def _forget(self, file: SourceFile) -> None:
        for number in file.function_ids:
            if self._function_files.get(number) == file.path:
                del self._function_files[number]


def _new_file(entry: FileEntry) -> SourceFile:
    if not entry.digest:
        entry = replace(entry, digest=digest_again(entry.path, entry.language, entry.facts))
    manifest = MANIFEST.of(entry.digest) if entry.language in MANIFESTS else None
    return SourceFile(entry, FUNCTION_IDS.of(entry.digest), manifest)


_ARRAY: Final = b"\xdd"  # msgpack: an array, its length in the next four bytes
_decode_snapshot: Final = msgspec.msgpack.Decoder(
    list[tuple[str, str, tuple[int, ...], msgspec.Raw, Manifest | None]]
).decode
