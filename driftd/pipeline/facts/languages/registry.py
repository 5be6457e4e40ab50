"""Which adapter reads which file.  Adding a language is one adapter file and one name here.

Adapters are imported when their language is first met: a grammar costs up to 17 ms.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftd.pipeline.facts.adapter import Adapter

# The suffixes stand here as well as in the adapters, so that the scanner knows them without importing a grammar;
# a test holds the two together.
SUFFIXES: dict[str, str] = {
    ".py": "python",
    ".pyi": "python",
    ".pyw": "python",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".env": "dotenv",
    ".cs": "csharp",
    ".csx": "csharp",
    ".go": "go",
    ".swift": "swift",
    ".rs": "rust",
    ".c": "c",
    ".h": "c",
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp", ".inl"), "cpp"),
    ".java": "java",
    ".kt": "kotlin",
    ".kts": "kotlin",
    ".php": "php",
    ".phtml": "php",
    ".prisma": "prisma",
    ".rb": "ruby",
    ".rake": "ruby",
    ".gemspec": "ruby",
    ".ru": "ruby",
    ".scala": "scala",
    ".sc": "scala",
}

MODULES: dict[str, str] = {
    "python": "python",
    "typescript": "ecmascript",
    "tsx": "ecmascript",
    "javascript": "ecmascript",
    "dotenv": "dotenv",
    "csharp": "csharp",
    "go": "go",
    "swift": "swift",
    "rust": "rust",
    "c": "c",
    "cpp": "cpp",
    "java": "java",
    "kotlin": "kotlin",
    "php": "php",
    "prisma": "prisma",
    "mybatis": "mybatis",
    "ruby": "ruby",
    "scala": "scala",
    "json": "manifests",
    "toml": "manifests",
    "gomod": "manifests",
    "yaml": "manifests",
}

# Manifests are known by their whole names: other JSON, TOML and YAML files are not read.
NAMES: dict[str, str] = {
    "package.json": "json",
    "composer.json": "json",
    "Cargo.toml": "toml",
    "go.mod": "gomod",
    "pnpm-workspace.yaml": "yaml",
}

# XML is read where its name or its folder says that it maps statements to methods.
MAPPER_ENDINGS: tuple[str, ...] = ("mapper.xml", "dao.xml")
MAPPER_FOLDERS: frozenset[str] = frozenset({"mapper", "mappers", "mybatis"})

# Languages that share their suffixes with others -> the module whose `refined` tells them apart by content.
AMBIGUOUS: dict[str, str] = {}


@cache
def adapter_of(language: str) -> Adapter:
    """Return the adapter of a language; raises KeyError for a language driftd does not read."""
    module = import_module(f"driftd.pipeline.facts.languages.{MODULES[language]}")
    adapter: Adapter = module.ADAPTER
    return adapter


def language_of(path: str) -> str | None:
    """Return the language of a path by its name, or None."""
    name = path.rsplit("/", 1)[-1]
    if name.startswith(".env"):
        return "dotenv"
    if name in NAMES:
        return NAMES[name]
    if name.startswith(("tsconfig", "jsconfig")) and name.endswith(".json"):
        return "json"
    dot = name.rfind(".")
    if name[dot:].lower() == ".xml":
        is_mapper = name.lower().endswith(MAPPER_ENDINGS) or not MAPPER_FOLDERS.isdisjoint(path.split("/")[:-1])
        return "mybatis" if is_mapper else None
    return SUFFIXES.get(name[dot:].lower()) if dot >= 0 else None


def refined(language: str, data: bytes) -> str:
    """Return the language of `data` where its name leaves more than one: a `.h` may be C or C++."""
    if language not in AMBIGUOUS:
        return language
    module = import_module(f"driftd.pipeline.facts.languages.{AMBIGUOUS[language]}")
    found: str = module.refined(data)
    return found


def extractor_version(language: str) -> str:
    """Return the version under which facts of this language are cached."""
    return adapter_of(language).version
