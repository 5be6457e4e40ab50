"""What containers of dependency injection are told to pass: calls on what was asked for go there (`di_injection`)."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown

SERVICES = """
export interface Repo { find(): void; }
export abstract class Clock { abstract now(): void; tick() {} }
export class Mailer { send() {} }
"""
OWN = """
import { Repo, Clock, Mailer } from "./services";
export class SqlRepo implements Repo { find() {} }
export class WallClock extends Clock { now() {} }
export class Smtp extends Mailer { send() {} }
"""
USER = """
import { Repo, Clock, Mailer } from "./services";
export class User {
  constructor(@Inject("repo") private readonly repo: Repo, private clock: Clock, private mailer: Mailer) {}
  go() {
    this.repo.find();
    this.clock.now();
    this.clock.tick();
    this.mailer.send();
  }
}
"""


def edges(files: dict[str, str]) -> list[str]:
    """Return all edges of a project."""
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


class TestProviders:
    """`{ provide: Service, useClass: Own }` in the metadata of modules (NestJS, Angular)."""

    def test_calls_go_to_the_class_that_is_passed(self) -> None:
        """By class, by another token, and by what a factory gives; for a token, as what the class implements."""
        module = """
        import { Module } from "@nestjs/common";
        import { Clock, Mailer } from "./services";
        import { SqlRepo, WallClock, Smtp } from "./own";
        @Module({
          providers: [
            { provide: "repo", useClass: SqlRepo },
            { provide: Clock, useFactory: () => new WallClock() },
            { provide: Mailer, useExisting: Smtp },
          ],
        })
        export class AppModule {}
        """
        found = edges({"services.ts": SERVICES, "own.ts": OWN, "user.ts": USER, "app.module.ts": module})
        assert found == [
            "user.ts:User.go -> own.ts:SqlRepo.find 5 di_injection 0.75",
            "user.ts:User.go -> own.ts:WallClock.now 6 di_injection 0.75",
            "user.ts:User.go -> services.ts:Clock.tick 7 di_injection 0.75",
            "user.ts:User.go -> own.ts:Smtp.send 8 di_injection 0.75",
        ]

    def test_without_providers_the_declared_type_decides(self) -> None:
        """What a test registers is for that test, and an object that only looks like a provider is none."""
        spec = """
        import { Test } from "@nestjs/testing";
        import { Mailer } from "./services";
        import { Smtp } from "./own";
        Test.createTestingModule({ providers: [{ provide: Mailer, useClass: Smtp }] });
        """
        other = """
        import { Mailer } from "./services";
        import { Smtp } from "./own";
        export const options = { provide: Mailer, useClass: Smtp };
        """
        found = edges(
            {"services.ts": SERVICES, "own.ts": OWN, "user.ts": USER, "user.spec.ts": spec, "other.ts": other}
        )
        assert "user.ts:User.go -> services.ts:Mailer.send 8 type_inferred 0.8" in found
        assert not any("di_injection" in edge for edge in found)

    def test_an_injected_value_is_an_instance(self) -> None:
        """Angular's `inject(Service)`; a dynamic module returns its providers."""
        found = edges(
            {
                "a.ts": """
                import { inject } from "@angular/core";
                export abstract class Base { abstract run(): void; }
                export class Own extends Base { run() {} }
                export class Widget {
                  private base = inject(Base);
                  show() { this.base.run(); }
                }
                export class Module {
                  static forRoot() { return { ngModule: Module, providers: [{ provide: Base, useClass: Own }] }; }
                }
                """
            }
        )
        assert found == ["a.ts:Widget.show -> a.ts:Own.run 6 di_injection 0.75"]


class TestAspNet:
    """`services.AddScoped<IService, Service>()`."""

    def registered(self, registration: str) -> list[str]:
        """Return the edges of a controller's action on `IRepo`, with another implementation beside the registered one."""
        return edges(
            {
                "a.cs": f"""
                namespace App;
                public interface IRepo {{ void Save(); }}
                public class Repo : IRepo {{ public void Save() {{}} }}
                public class Other : IRepo {{ public void Save() {{}} }}
                public class Home {{ private readonly IRepo _repo; public Home(IRepo repo) {{ _repo = repo; }} public void Go() {{ _repo.Save(); }} }}
                public static class Startup {{ public static void Configure(IServiceCollection services) {{ {registration} }} }}
                """
            }
        )

    def test_types_are_registered_as_arguments_of_either_kind(self) -> None:
        """Type arguments, `typeof`, in a chain, and what a function makes."""
        expected = ["a.cs:Home.Go -> a.cs:Repo.Save 5 di_injection 0.75"]
        for registration in (
            "services.AddScoped<IRepo, Repo>();",
            "services.AddTransient(typeof(IRepo), typeof(Repo));",
            "services.AddLogging().TryAddSingleton<IRepo, Repo>();",
            "services.AddSingleton<IRepo>(provider => new Repo());",
        ):
            assert self.registered(registration) == expected

    def test_what_is_no_registration_registers_nothing(self) -> None:
        """Two implementations, neither of them in use: nothing says which is meant."""
        expected = ["a.cs:Home.Go -> a.cs:IRepo.Save 5 type_inferred 0.8"]
        assert self.registered("services.Map<IRepo, Repo>();") == expected


class TestSpring:
    """Methods with `@Bean`: their results are passed where their types are asked for."""

    def test_a_bean_is_what_its_method_returns(self) -> None:
        """Also by a star import; a class that is made elsewhere stays a possibility, as such."""
        found = edges(
            {
                "p/Clock.java": "package p;\npublic interface Clock { void now(); }",
                "p/Wall.java": "package p;\npublic class Wall implements Clock { public void now() {} }",
                "p/Fixed.java": "package p;\npublic class Fixed implements Clock { public void now() {} }",
                "p/Config.java": """
                package p;
                import org.springframework.context.annotation.*;
                @Configuration
                class Config { @Bean Clock clock() { return new Wall(); } @Lazy Clock other() { return new Fixed(); } }
                """,
                "p/User.java": "package p;\nclass User { private final Clock clock; User(Clock clock) { this.clock = clock; } void go() { clock.now(); } }",
            }
        )
        assert found == [
            "p/User.java:User.go -> p/Fixed.java:Fixed.now 2 virtual_dispatch 0.35",
            "p/User.java:User.go -> p/Wall.java:Wall.now 2 di_injection 0.375",
        ]


def test_laravel_binds_a_class_to_an_interface() -> None:
    """`bind(Foo::class, Own::class)`: the first is asked for, the last is passed."""
    found = edges(
        {
            "a.php": """
            <?php
            namespace App;
            interface Foo { function run(); }
            class Own implements Foo { function run() {} }
            class Other implements Foo { function run() {} }
            class Provider { function register() { $this->app->bind(Foo::class, Own::class); } }
            class User { function __construct(private Foo $foo) {} function go() { $this->foo->run(); } }
            """
        }
    )
    assert found == ["a.php:User.go -> a.php:Own.run 7 di_injection 0.75"]
