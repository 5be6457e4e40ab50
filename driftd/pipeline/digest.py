"""What the project keeps of a file besides its facts: everything that can be worked out from the file alone.

Computed where the file is parsed, in parallel, so that the project and its stages only put parts together.  It depends
on the path (what is a test, what is a package's entry), so it is not part of the cached facts.
"""

from __future__ import annotations

from itertools import accumulate
from struct import Struct
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from driftd.pipeline.constant_facts import Constant, constants_of, references_of
from driftd.pipeline.data.facts import data_facts_of
from driftd.pipeline.data.shapes import DataFacts, Declarations, Touch
from driftd.pipeline.detect.marks import NO_MARKS, Marks, marks_of
from driftd.pipeline.entry_points.facts import start_facts_of
from driftd.pipeline.entry_points.starts import StartFacts
from driftd.pipeline.env_access import Access, accesses, defined_names, may_access
from driftd.pipeline.faces import FunctionFace, Interface
from driftd.pipeline.facts.codec import decode, decompress, encode
from driftd.pipeline.facts.model import FileFacts
from driftd.pipeline.go_build import is_default
from driftd.pipeline.interface import binder_of, interface_of
from driftd.pipeline.manifests import LANGUAGES as MANIFESTS
from driftd.pipeline.manifests import Manifest, manifest_of
from driftd.pipeline.modules import ECMASCRIPT
from driftd.rows.ids import function_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.binder import Binder

# Languages whose code is looked into; of others only the interface and what they define are read.
CODE: Final = ECMASCRIPT | {"python"}


# Languages of which what they say about data is read.
DATA: Final = CODE | {"prisma", "mybatis", "java", "go", "ruby", "php", "csharp", "rust", "kotlin"}
NO_DATA: Final = DataFacts()
NO_STARTS: Final = StartFacts()
# A manifest has top-level code in name only.
NO_INTERFACE: Final = Interface((FunctionFace("<module>", "<module>", "module", -1, None),), (), {}, None, (), None)


T = TypeVar("T")


class Part(Generic[T]):
    """A part of a digest: `number` is its place there, `kind` what it is decoded as."""

    __slots__ = ("_decode", "number")

    def __init__(self, number: int, kind: type[T]) -> None:
        """Take what it is; parts of one number are views of the same bytes."""
        self.number = number
        self._decode = msgspec.msgpack.Decoder(kind).decode

    def of(self, digest: bytes) -> T:
        """Decode it; nothing else of the digest is looked at."""
        return self._decode(self.encoded(digest))

    def encoded(self, digest: bytes) -> memoryview:
        """Return it as it is encoded."""
        ends = _ENDS.unpack_from(digest)
        return memoryview(digest)[ends[self.number - 1] if self.number else _ENDS.size : ends[self.number]]


class Named(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a function is called."""

    name: str
    qualified_name: str


class Names(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An interface of which only the names of the functions are decoded."""

    functions: tuple[Named, ...]


class Constants(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Named constants and magic numbers, and the names that the file refers to."""

    constants: tuple[Constant, ...] = ()
    references: tuple[str, ...] = ()


class Environment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Environment variables that the file reads, and those that it defines."""

    reads: tuple[Access, ...] = ()
    defines: tuple[str, ...] = ()


FUNCTION_IDS: Final = Part(0, tuple[int, ...])  # parallel to the functions of the outline
INTERFACE: Final = Part(1, Interface)  # what other files can see of it
NAMES: Final = Part(1, Names)
CONSTANTS: Final = Part(2, Constants)
ENVIRONMENT: Final = Part(3, Environment)
DECLARATIONS: Final = Part(4, Declarations)  # models and names that may have to do with a database
TOUCHES: Final = Part(5, tuple[Touch, ...])  # calls that may
MENTIONS_DATA: Final = Part(6, bool)  # whether a package is imported that knows databases
STARTS: Final = Part(7, StartFacts)  # calls and marks that may make functions known to a framework
MANIFEST: Final[Part[Manifest | None]] = Part(8, Manifest | None)  # type: ignore[arg-type]  # what it says about module names
MARKS: Final = Part(9, Marks)  # what rules find in it
_ENDS: Final = Struct(f"<{MARKS.number + 1}I")  # where each part ends, before them all

NO_DECLARATIONS: Final = encode(Declarations())
NO_TOUCHES: Final = encode(())


def _digest(
    ids: tuple[int, ...],
    interface: Interface,
    *,
    constants: Constants = Constants(),  # noqa: B008 - frozen, as the other defaults are
    environment: Environment = Environment(),  # noqa: B008
    data: DataFacts = NO_DATA,
    starts: StartFacts = NO_STARTS,
    manifest: Manifest | None = None,
    marks: Marks = NO_MARKS,
) -> bytes:
    values: dict[int, object] = {
        FUNCTION_IDS.number: ids,
        INTERFACE.number: interface,
        CONSTANTS.number: constants,
        ENVIRONMENT.number: environment,
        DECLARATIONS.number: data.declarations,
        TOUCHES.number: data.touches,
        MENTIONS_DATA.number: data.mentions,
        STARTS.number: starts,
        MANIFEST.number: manifest,
        MARKS.number: marks,
    }
    parts = [encode(values[number]) for number in range(len(values))]
    _, *ends = accumulate(map(len, parts), initial=_ENDS.size)
    return b"".join((_ENDS.pack(*ends), *parts))


def digest_of(
    path: str, language: str, facts: FileFacts, encoded: bytes, keep: Callable[[Binder], None] = lambda _: None
) -> bytes:
    """Return the digest of a file; `encoded` are the same facts in msgpack.

    `keep` is given the name tables of code once nothing else reads them.
    """
    if language in MANIFESTS:
        return _digest(_ids(path, facts), NO_INTERFACE, manifest=manifest_of(path, facts))
    binder = binder_of(facts)
    scopes = binder.run()
    interface = interface_of(facts.outline, scopes, language)
    if language == "go" and not is_default(path, facts.texts.comments):
        interface = msgspec.structs.replace(interface, is_default=False)
    if language not in CODE:
        defines = defined_names(path, facts) if language == "dotenv" else ()
        data = data_facts_of(facts) if language in DATA else NO_DATA
        return _digest(
            _ids(path, facts),
            interface,
            environment=Environment(defines=defines),
            data=data,
            starts=start_facts_of(facts, scopes),
            marks=marks_of(path, facts, scopes, encoded),
        )
    digest = _digest(
        _ids(path, facts),
        interface,
        constants=Constants(tuple(constants_of(path, facts)), tuple(references_of(facts))),
        environment=Environment(tuple(accesses(facts)) if may_access(facts, encoded) else ()),
        data=data_facts_of(facts),
        starts=start_facts_of(facts, scopes),
        marks=marks_of(path, facts, scopes, encoded),
    )
    keep(binder)
    return digest


def _ids(path: str, facts: FileFacts) -> tuple[int, ...]:
    return function_ids(path, tuple([function.qualified_name for function in facts.outline.functions]))


def digest_chunk(_shared: bytes, chunk: bytes) -> bytes:
    """Return the digests of (path, language, compressed facts) triples; in a worker process (see `stage.Mapper`)."""
    return encode([digest_if_sound(*file) for file in decode_files(chunk)])


def digest_again(path: str, language: str, compressed: bytes) -> bytes:
    """Return the digest of a file whose facts were kept; raises msgspec.DecodeError if they are damaged."""
    encoded = decompress(compressed)
    return digest_of(path, language, decode(encoded, FileFacts), encoded)


def digest_if_sound(path: str, language: str, compressed: bytes) -> bytes:
    """Return the same, or b"" if they are damaged."""
    try:
        return digest_again(path, language, compressed)
    except msgspec.DecodeError:
        return b""


decode_files: Final = msgspec.msgpack.Decoder(list[tuple[str, str, bytes]]).decode
decode_digests: Final = msgspec.msgpack.Decoder(list[bytes]).decode
