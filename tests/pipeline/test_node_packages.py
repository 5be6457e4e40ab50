"""Which file of the workspace a bare ECMAScript specifier means.  Each test is a workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.project import Project
from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import Table, entries, entry, project_of, shown

TARGET = "export function f() {}\n"


def edges(files: dict[str, str]) -> list[str]:
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


def found(files: dict[str, str], specifier: str, importer: str = "app/main.ts") -> list[str]:
    """Return the files that `f` of the specifier is found in."""
    project = project_of({**files, importer: f"import {{ f }} from '{specifier}';\nf();\n"})
    rows = CallEdges().run(project, project.everything()).rows
    return [edge.split(" -> ")[1].partition(":")[0] for edge in shown(project, rows)]


class TestTypeScriptConfig:
    """`paths` and `baseUrl` of the nearest config, with what it extends."""

    def test_a_pattern_maps_what_the_star_stands_for(self) -> None:
        """The pattern with the longest text before its star counts; comments and trailing commas are allowed."""
        config = """
            {
              // aliases
              "compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["lib/*"], "@/ui/*": ["web/ui/*",],}},
            }
        """
        files = {"tsconfig.json": config, "lib/a.ts": TARGET, "lib/ui/b.ts": TARGET, "web/ui/b.ts": TARGET}
        assert found(files, "@/a") == ["lib/a.ts"]
        assert found(files, "@/ui/b") == ["web/ui/b.ts"]

    def test_a_base_url_makes_names_relative_to_it(self) -> None:
        """Without a pattern that matches, names are looked up below `baseUrl`."""
        files = {"tsconfig.json": '{"compilerOptions": {"baseUrl": "src"}}', "src/util/a.ts": TARGET}
        assert found(files, "util/a") == ["src/util/a.ts"]

    def test_what_is_extended_counts_where_nothing_is_said(self) -> None:
        """`paths` are relative to the config that has them."""
        files = {
            "app/tsconfig.json": '{"extends": "../tsconfig.base"}',
            "tsconfig.base.json": '{"compilerOptions": {"paths": {"lib": ["packages/lib/index.ts"]}}}',
            "packages/lib/index.ts": TARGET,
        }
        assert found(files, "lib") == ["packages/lib/index.ts"]

    def test_a_config_that_only_refers_to_others_means_what_they_say(self) -> None:
        """`references` are followed where the config itself says nothing."""
        files = {
            "app/tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
            "app/tsconfig.app.json": '{"compilerOptions": {"paths": {"~/*": ["./src/*"]}}}',
            "app/src/a.ts": TARGET,
        }
        assert found(files, "~/a") == ["app/src/a.ts"]


ROOT = '{"workspaces": ["packages/*"]}'


class TestWorkspacePackages:
    """Packages of the workspace under their names."""

    def test_an_entry_in_the_output_folder_means_its_source(self) -> None:
        """`dist` stands for `src` by the package's own config, or by custom where there is none."""
        files = {
            "package.json": '{"workspaces": ["packages/*", "app"]}',
            "packages/a/package.json": '{"name": "@s/a", "main": "./build/main.js"}',
            "packages/a/tsconfig.json": '{"compilerOptions": {"outDir": "build", "rootDir": "code"}}',
            "packages/a/code/main.ts": TARGET,
            "packages/b/package.json": '{"name": "@s/b", "main": "dist/cjs/index.js"}',
            "packages/b/src/index.ts": TARGET,
        }
        assert found(files, "@s/a") == ["packages/a/code/main.ts"]
        assert found(files, "@s/b") == ["packages/b/src/index.ts"]

    def test_exports_say_what_subpaths_mean(self) -> None:
        """Conditions of sources first, patterns by their longest head; what is not exported is not found."""
        manifest = """
            {"name": "@s/a", "exports": {
              ".": {"types": "./dist/index.d.ts", "import": "./dist/index.mjs"},
              "./feature/*": {"@s/source": "./code/*.ts", "default": "./dist/*.js"},
              "./old": "./dist/legacy/old.js"
            }}
        """
        files = {
            "pnpm-workspace.yaml": "packages:\n  - 'packages/**'\n  - app\n",
            "packages/x/a/package.json": manifest,
            "packages/x/a/src/index.ts": TARGET,
            "packages/x/a/code/one.ts": TARGET,
            "packages/x/a/src/legacy/old.ts": TARGET,
            "packages/x/a/src/secret.ts": TARGET,
        }
        assert found(files, "@s/a") == ["packages/x/a/src/index.ts"]
        assert found(files, "@s/a/feature/one") == ["packages/x/a/code/one.ts"]
        assert found(files, "@s/a/old") == ["packages/x/a/src/legacy/old.ts"]
        assert found(files, "@s/a/secret") == []

    def test_only_members_of_the_workspace_and_links_are_offered(self) -> None:
        """A package that bears the name of an installed one elsewhere in the tree is not meant."""
        files = {
            "package.json": '{"workspaces": ["packages/*", "!packages/private"]}',
            "fixtures/react/package.json": '{"name": "react", "main": "index.js"}',
            "fixtures/react/index.js": TARGET,
            "packages/private/package.json": '{"name": "private"}',
            "packages/private/index.js": TARGET,
            "lib/package.json": '{"name": "lib", "main": "main.js"}',
            "lib/main.js": TARGET,
            "app/package.json": '{"dependencies": {"lib": "file:../lib"}}',
        }
        assert found(files, "react") == []
        assert found(files, "private") == []
        assert found(files, "lib") == ["lib/main.js"]

    def test_internal_imports_start_with_a_hash(self) -> None:
        """`imports` of the nearest package."""
        files = {"app/package.json": '{"imports": {"#db/*": "./src/db/*.js"}}', "app/src/db/pool.ts": TARGET}
        assert found(files, "#db/pool", "app/src/main.ts") == ["app/src/db/pool.ts"]


FILES = {
    "package.json": ROOT,
    "tsconfig.json": '{"compilerOptions": {"paths": {"x": ["one.ts"]}}}',
    "one.ts": TARGET,
    "two.ts": TARGET,
    "user.ts": "import { f } from 'x';\nf();\n",
    "other.ts": "import { f } from 'y';\nf();\n",
    "packages/y/package.json": '{"name": "y"}',
    "packages/y/index.ts": TARGET,
    "packages/z/main.ts": "import { f } from 'y';\nf();\n",
}


class TestChange:
    """What a changed config changes."""

    def test_only_files_whose_names_mean_something_else_are_resolved_again(self) -> None:
        """A changed alias affects who uses it; a changed manifest who imports the package."""
        project, stage = project_of(FILES), CallEdges()
        stage.run(project, project.everything())
        config = '{"compilerOptions": {"paths": {"x": ["two.ts"]}}}'
        assert stage.run(project, project.apply(entries({"tsconfig.json": config}))).files == frozenset(
            {
                "tsconfig.json",
                "user.ts",
            }
        )
        same = '{"compilerOptions": {"paths": {"x": ["two.ts"]}, "strict": true}}'
        assert stage.run(project, project.apply(entries({"tsconfig.json": same}))).files == frozenset({"tsconfig.json"})

    def test_edits_of_configs_lead_to_what_a_fresh_build_gives(self) -> None:
        """Configs, packages and sources come and go in any order."""
        steps: list[dict[str, str | None]] = [
            {"tsconfig.json": None},
            {"packages/y/index.ts": None},
            {
                "packages/y/src/index.ts": TARGET,
                "tsconfig.json": '{"compilerOptions": {"baseUrl": "."}}',
                "x.ts": TARGET,
            },
            {"package.json": "{}"},
            {"x.ts": None, "package.json": '{"workspaces": ["*/*"]}', "packages/z/package.json": '{"name": "z"}'},
            {"one.ts": None, "packages/y/package.json": '{"name": "y", "main": "dist/other.js"}'},
            {"packages/y/src/other.ts": TARGET},
        ]
        project, files = Project(), dict[str, str](FILES)
        table = Table(CallEdges())
        table.take(project, project.apply(entries(files)))
        for step in steps:
            change = project.apply({p: None if t is None else entry(p, t) for p, t in step.items()})
            table.take(project, change)
            files = {**files, **{p: t for p, t in step.items() if t is not None}}
            files = {p: t for p, t in files.items() if step.get(p, "") is not None}
            again = Table(CallEdges())
            fresh = project_of(files)
            again.take(fresh, fresh.everything())
            assert table.rows() == again.rows(), step
