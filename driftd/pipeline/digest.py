"""What the project keeps of a file besides its facts: everything that can be worked out from the file alone.

Computed where the file is parsed, in parallel, so that the project and its stages only put parts together.  It depends
on the path (what is a test, what is a package's entry), so it is not part of the cached facts.
"""

from __future__ import annotations

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
from driftd.pipeline.facts.codec import decode, encode
from driftd.pipeline.facts.model import FileFacts
from driftd.pipeline.go_build import is_default
from driftd.pipeline.interface import binder_of, interface_of
from driftd.pipeline.manifests import LANGUAGES as MANIFESTS
from driftd.pipeline.manifests import Manifest, manifest_of
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.binder import Binder

T = TypeVar("T")

# Languages whose code is looked into; of others only the interface and what they define are read.
CODE: Final = ECMASCRIPT | {"python"}


# Languages of which what they say about data is read.
DATA: Final = CODE | {"prisma", "mybatis", "java", "go", "ruby", "php", "csharp", "rust", "kotlin"}
NO_DATA: Final = DataFacts()
NO_STARTS: Final = StartFacts()
# A manifest has top-level code in name only.
NO_INTERFACE: Final = Interface((FunctionFace("<module>", "<module>", "module", -1, None),), (), {}, None, (), None)


class Digest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one file contributes to the project.

    interface: what other files can see of it
    constants: named constants and magic numbers
    references: names it refers to
    reads: environment variables it reads
    defines: environment variables it defines
    data: models, names and calls that may have to do with a database
    starts: calls and marks that may make functions known to a framework
    manifest: what it says about module names
    marks: what rules find in it
    """

    interface: Interface
    constants: tuple[Constant, ...] = ()
    references: tuple[str, ...] = ()
    reads: tuple[Access, ...] = ()
    defines: tuple[str, ...] = ()
    data: DataFacts = NO_DATA
    starts: StartFacts = NO_STARTS
    manifest: Manifest | None = None
    marks: Marks = NO_MARKS


class RawInterfacePart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The interface of a digest, not decoded."""

    interface: msgspec.Raw


class NamedFunction(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a function is called."""

    name: str
    qualified_name: str


class NamedFunctions(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An interface of which only the names of the functions are decoded."""

    functions: tuple[NamedFunction, ...]


class NamesPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The names of a digest's functions."""

    interface: NamedFunctions


class ConstantsPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Constants and references of a digest."""

    interface: msgspec.Raw
    constants: tuple[Constant, ...]
    references: tuple[str, ...]


class EnvironmentPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Reads and definitions of environment variables of a digest."""

    interface: msgspec.Raw
    constants: msgspec.Raw
    references: msgspec.Raw
    reads: tuple[Access, ...]
    defines: tuple[str, ...]


class RawData(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`DataFacts`, not decoded: to be compared as it is."""

    declarations: msgspec.Raw
    touches: msgspec.Raw
    mentions: bool = True


class DeclarationsData(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`DataFacts` without the calls."""

    declarations: Declarations


class TouchesData(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`DataFacts` of which only the calls are decoded."""

    declarations: msgspec.Raw
    touches: tuple[Touch, ...]


class DataPart(msgspec.Struct, Generic[T], frozen=True, array_like=True, gc=False):
    """What a digest says about data."""

    interface: msgspec.Raw
    constants: msgspec.Raw
    references: msgspec.Raw
    reads: msgspec.Raw
    defines: msgspec.Raw
    data: T


class StartPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a digest says about entry points."""

    interface: msgspec.Raw
    constants: msgspec.Raw
    references: msgspec.Raw
    reads: msgspec.Raw
    defines: msgspec.Raw
    data: msgspec.Raw
    starts: StartFacts


class ManifestPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a digest says about module names."""

    interface: msgspec.Raw
    constants: msgspec.Raw
    references: msgspec.Raw
    reads: msgspec.Raw
    defines: msgspec.Raw
    data: msgspec.Raw
    starts: msgspec.Raw
    manifest: Manifest | None


class MarksPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a digest says that rules find."""

    interface: msgspec.Raw
    constants: msgspec.Raw
    references: msgspec.Raw
    reads: msgspec.Raw
    defines: msgspec.Raw
    data: msgspec.Raw
    starts: msgspec.Raw
    manifest: msgspec.Raw
    marks: Marks


def digest_of(
    path: str, language: str, facts: FileFacts, encoded: bytes, keep: Callable[[Binder], None] = lambda _: None
) -> bytes:
    """Return the encoded digest of a file; `encoded` are the same facts in msgpack.

    `keep` is given the name tables of code once nothing else reads them.
    """
    if language in MANIFESTS:
        return encode(Digest(NO_INTERFACE, manifest=manifest_of(path, facts)))
    binder = binder_of(facts)
    scopes = binder.run()
    interface = interface_of(facts.outline, scopes, language)
    if language == "go" and not is_default(path, facts.texts.comments):
        interface = msgspec.structs.replace(interface, is_default=False)
    if language not in CODE:
        defines = defined_names(path, facts) if language == "dotenv" else ()
        data = data_facts_of(facts) if language in DATA else NO_DATA
        return encode(
            Digest(
                interface,
                defines=defines,
                data=data,
                starts=start_facts_of(facts, scopes),
                marks=marks_of(path, facts, scopes, encoded),
            )
        )
    digest = encode(
        Digest(
            interface,
            tuple(constants_of(path, facts)),
            tuple(references_of(facts)),
            tuple(accesses(facts)) if may_access(language, encoded) else (),
            data=data_facts_of(facts),
            starts=start_facts_of(facts, scopes),
            marks=marks_of(path, facts, scopes, encoded),
        )
    )
    keep(binder)
    return digest


def digest_chunk(_shared: bytes, chunk: bytes) -> bytes:
    """Return the digests of (path, language, facts) triples; in a worker process (see `stage.Mapper`)."""
    return encode(
        [digest_of(path, language, decode(facts, FileFacts), facts) for path, language, facts in decode_files(chunk)]
    )


decode_files: Final = msgspec.msgpack.Decoder(list[tuple[str, str, bytes]]).decode
decode_digests: Final = msgspec.msgpack.Decoder(list[bytes]).decode
