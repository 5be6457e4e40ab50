"""What calls of PHP, C#, Rust, C and C++ resolve to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown


def edges(files: dict[str, str]) -> list[str]:
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


class TestPhp:
    """Namespaces, traits, `self` and `static`, promoted parameters, containers."""

    def test_names_are_found_by_namespace_and_use(self) -> None:
        """Functions fall back to the global namespace; classes under an alias, in a group, and by full name."""
        found = edges(
            {
                "src/Model.php": "<?php\nnamespace App\\Model;\nclass User { public static function make(): static { return new static(); } public function touch(): self { return $this; } }\n",
                "src/util.php": "<?php\nnamespace App\\Util;\nfunction help() {}\n",
                "src/global.php": "<?php\nfunction everywhere() {}\n",
                "src/Main.php": """
                <?php
                namespace App;
                use App\\Model\\{User as U};
                use function App\\Util\\help;
                class Main {
                    public function run(U $user) {
                        $user->touch()->touch();
                        help();
                        everywhere();
                        \\App\\Model\\User::make();
                        self::go();
                        strlen('a');
                    }
                    public static function go() {}
                }
            """,
            }
        )
        assert found == [
            "src/Main.php:Main.run -> src/Model.php:User.touch 7 type_inferred 0.8",
            "src/Main.php:Main.run -> src/util.php:help 8 import_based 0.75",
            "src/Main.php:Main.run -> src/global.php:everywhere 9 import_based 0.75",
            "src/Main.php:Main.run -> src/Model.php:User.make 10 method_call 0.9",
            "src/Main.php:Main.run -> src/Main.php:Main.go 11 method_call 0.9",
        ]

    def test_a_trait_brings_methods_and_a_container_the_class_it_is_told_of(self) -> None:
        """What a trait has counts before what an interface asks for."""
        found = edges(
            {
                "a.php": """
                <?php
                namespace App;
                interface Repo { function save(); }
                trait Saves { function save() { $this->write(); } private function write() {} }
                class Sql implements Repo { use Saves; }
                class Mem implements Repo { function save() {} }
                class Provider { function register() { $this->app->singleton(Repo::class, Sql::class); } }
                class Service {
                    function __construct(private Repo $repo) {}
                    function go() { $this->repo->save(); }
                }
            """
            }
        )
        assert found == [
            "a.php:Saves.save -> a.php:Saves.write 4 method_call 0.9",
            "a.php:Service.go -> a.php:Saves.save 10 di_injection 0.75",
        ]


class TestCSharp:
    """Namespaces outwards, partial classes, extension methods, the only class that implements an interface."""

    def test_a_class_in_parts_is_one_and_namespaces_are_seen_outwards(self) -> None:
        """Code of `App.Inner` sees what `App` declares without an import."""
        found = edges(
            {
                "a.cs": """
                namespace App;
                public interface IRepo { void Save(); }
                public class Repo : IRepo { public void Save() {} }
                public partial class Service {
                    private readonly IRepo _repo;
                    public Service(IRepo repo) { _repo = repo; }
                    public string Name { get; set; }
                    public void Go() { _repo.Save(); Other(); this.Name.Shout(); }
                }
                public static class Extensions { public static string Shout(this string s) => s; }
            """,
                "b.cs": """
                namespace App {
                    public partial class Service { void Other() { new App.Inner.Deep().Do(); } }
                    static class Tools { internal static void Run() {} }
                }
                namespace App.Inner { class Deep { public void Do() { Tools.Run(); } } }
            """,
            }
        )
        assert found == [
            "a.cs:Service.Go -> a.cs:Extensions.Shout 8 import_based 0.75",
            "a.cs:Service.Go -> a.cs:Repo.Save 8 di_injection 0.75",
            "a.cs:Service.Go -> b.cs:App.Service.Other 8 method_call 0.9",
            "b.cs:App.Service.Other -> b.cs:App.Inner.Deep.Do 2 type_inferred 0.8",
            "b.cs:App.Inner.Deep.Do -> b.cs:App.Tools.Run 5 method_call 0.9",
        ]

    def test_global_usings_hold_in_the_folder_of_their_file_and_below(self) -> None:
        """`global using` of a file that has nothing else; projects beside see nothing of it."""
        use = "namespace Web; class Page { public void Go(Repo repo) { repo.Save(); repo.Shout(); } }"
        found = edges(
            {
                "lib/a.cs": """
                namespace Lib;
                public class Repo { public void Save() {} }
                public static class Texts { public static void Shout(this Repo repo) {} }
                """,
                "web/GlobalUsings.cs": "global using Lib;\n",
                "web/pages/a.cs": use,
                "other/a.cs": use,
            }
        )
        assert found == [
            "web/pages/a.cs:Page.Go -> lib/a.cs:Repo.Save 1 type_inferred 0.8",
            "web/pages/a.cs:Page.Go -> lib/a.cs:Texts.Shout 1 type_inferred 0.8",
        ]


class TestRust:
    """Modules are files, `use` leads through them, impls are pieces of their types."""

    def test_paths_lead_through_modules_and_re_exports(self) -> None:
        """`crate`, `self`, `super`, other crates of the workspace; an impl may stand in another file."""
        found = edges(
            {
                "one/Cargo.toml": '[package]\nname = "one-lib"\n',
                "one/src/lib.rs": "mod model;\npub mod util;\npub use model::User;\n",
                "one/src/model.rs": "pub struct User { pub name: String }\nimpl User { pub fn new() -> Self { Self { name: crate::util::help() } } }\n",
                "one/src/util.rs": "use super::model::User;\nimpl User { pub fn touch(&self) -> &Self { self.inner(); self } fn inner(&self) {} }\npub fn help() -> String { String::new() }\n",
                "two/Cargo.toml": '[package]\nname = "two"\n',
                "two/src/main.rs": "use one_lib::{User, util::help as h};\nfn main() { let u = User::new(); u.touch().touch(); h(); other(); }\nfn other() {}\n",
            }
        )
        assert found == [
            "one/src/model.rs:User.new -> one/src/util.rs:help 2 import_based 0.75",
            "one/src/util.rs:User.touch -> one/src/util.rs:User.inner 2 method_call 0.9",
            "two/src/main.rs:main -> one/src/model.rs:User.new 2 method_call 0.9",
            "two/src/main.rs:main -> one/src/util.rs:User.touch 2 type_inferred 0.8",
            "two/src/main.rs:main -> one/src/util.rs:help 2 import_based 0.75",
            "two/src/main.rs:main -> two/src/main.rs:other 2 same_file 0.95",
        ]


class TestC:
    """Functions are global, a static one is its file's; methods stand beside their class."""

    def test_functions_of_other_files_are_found_by_name_and_fit(self) -> None:
        """The own file's counts first; one that takes other arguments is not meant."""
        found = edges(
            {
                "a.c": "static void help(void) {}\nvoid run(void) { help(); store(1); misfit(1); }\n",
                "b.c": "void store(int n) {}\nvoid help(void) {}\nvoid misfit(int a, int b) {}\n",
            }
        )
        assert found == ["a.c:run -> a.c:help 2 same_file 0.95", "a.c:run -> b.c:store 2 import_based 0.75"]

    def test_a_method_may_be_defined_outside_of_its_class(self) -> None:
        """In the namespace of the class, in another file; a bare name in it is a member."""
        found = edges(
            {
                "server.hpp": "namespace net { class Server { public: void run(); void stop() {} private: int n; }; }\n",
                "server.cpp": '#include "server.hpp"\nnamespace net { void Server::run() { stop(); this->stop(); } }\nint main() { net::Server s; s.run(); }\n',
            }
        )
        assert found == [
            "server.cpp:net.Server.run -> server.hpp:net.Server.stop 2 method_call 0.9",
            "server.cpp:main -> server.cpp:net.Server.run 3 type_inferred 0.8",
        ]


class TestLinkage:
    """Which functions of other sources C and C++ can call."""

    def test_a_static_function_is_called_in_its_own_source_only(self) -> None:
        """A header's is in every source that includes it; one of another source is another function."""
        found = edges(
            {
                "a.cpp": "namespace n { static bool ready() { return true; } bool both() { return ready(); } }\n",
                "h.h": "namespace n { static bool shared() { return true; } }\n",
                "b.cpp": """
                #include "h.h"
                namespace n {
                void run() {
                    ready();
                    shared();
                    both();
                }
                }
                """,
            }
        )
        assert found == [
            "a.cpp:n.both -> a.cpp:n.ready 1 same_file 0.95",
            "b.cpp:n.run -> h.h:n.shared 5 import_based 0.75",
            "b.cpp:n.run -> a.cpp:n.both 6 import_based 0.75",
        ]
