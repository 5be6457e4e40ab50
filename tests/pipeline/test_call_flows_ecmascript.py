"""What calls of ECMAScript resolve to: objects, prototypes, `this`, patterns, callbacks, promises, modules.

Each test is a small workspace and all of its edges, as (caller, callee, line); files other than `m.js` are named.
"""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow
from tests.pipeline.in_memory import name_of, project_of

Edge = tuple[str, str, int]


def edges(files: dict[str, str] | str) -> list[Edge]:
    project = project_of({"m.js": files} if isinstance(files, str) else files)
    rows = [r for r in CallEdges().run(project, project.everything()).rows if isinstance(r, CallEdgeRow)]
    found = [(name_of(project, r.caller_id), name_of(project, r.callee_id), r.call_site_line) for r in rows]
    return sorted((a.removeprefix("m.js:"), b.removeprefix("m.js:"), line) for a, b, line in found)


class TestObjects:
    """Properties of objects that are written out."""

    def test_methods_and_nested_objects(self) -> None:
        """A method is found by its name, a name that is a string included; a property of that name elsewhere is not."""
        found = edges("""
            const shop = { open() {}, 'close': function () {}, door: { lock: () => {} } };
            const other = { open() {} };
            shop.open();
            shop.close();
            shop.door.lock();
        """)
        assert found == [
            ("<module>", "shop.close", 4),
            ("<module>", "shop.door.lock", 5),
            ("<module>", "shop.open", 3),
        ]

    def test_a_method_name_is_no_variable(self) -> None:
        """A call of a plain name does not reach a method of that name."""
        assert edges("const shop = { open() {} };\nopen();\n") == []

    def test_this_is_the_object_around_a_method(self) -> None:
        """Also in an arrow function in it, and where the method is handed out by another."""
        found = edges("""
            const a = { run() { this.step(); return () => this.stop(); }, step() {}, stop() {} };
            a.run()();
        """)
        assert found == [
            ("<module>", "a.run", 2),
            ("<module>", "a.run.<lambda>", 2),
            ("a.run", "a.step", 1),
            ("a.run.<lambda>", "a.stop", 1),
        ]

    def test_accessors_hand_values_through(self) -> None:
        """What a setter stores comes back from a getter; reading and assigning are no calls."""
        found = edges("""
            const box = { get content() { return this.inside; }, set content(v) { v(); } };
            function f() {}
            box.inside = f;
            box.content();
            box.content = f;
        """)
        assert found == [("<module>", "f", 4), ("box.content", "f", 1)]

    def test_spread_assign_and_descriptors(self) -> None:
        """Copied and defined properties are there as if they were written."""
        found = edges("""
            const base = { f() {}, g() {} };
            const copy = { ...base, g() {} };
            copy.f();
            copy.g();
            const target = {};
            Object.assign(target, base);
            target.f();
            Object.defineProperty(target, 'h', { value: function () {} });
            target.h();
        """)
        assert found == [
            ("<module>", "base.f", 3),
            ("<module>", "base.f", 7),
            ("<module>", "base.g", 4),
            ("<module>", "copy.g", 4),
            ("<module>", "value", 9),
        ]

    def test_a_key_that_is_not_known_may_be_any(self) -> None:
        """A table that is indexed by a variable gives all its functions; a name that is there comes first."""
        found = edges("""
            const table = { up() {}, down() {} };
            function go(way) { table[way](); table.up(); }
        """)
        assert found == [("go", "table.down", 2), ("go", "table.up", 2)]


class TestPrototypes:
    """Functions as constructors."""

    def test_instances_of_functions(self) -> None:
        """`new F()` has what F stores in `this`, and what F's prototype holds."""
        found = edges("""
            function Dog(sound) { this.sound = sound; }
            Dog.prototype.speak = function () { this.sound(); };
            function bark() {}
            new Dog(bark).speak();
        """)
        assert found == [("<module>", "Dog", 4), ("<module>", "Dog.speak", 4), ("Dog.speak", "bark", 2)]

    def test_prototypes_are_followed(self) -> None:
        """Through `Object.create`, `setPrototypeOf`, `__proto__` and a prototype that is an object; the first counts."""
        found = edges("""
            const animal = { eat() {}, move() {} };
            const cat = Object.create(animal, { move: { value() {} } });
            cat.eat();
            cat.move();
            const toy = { __proto__: cat };
            toy.eat();
            function Fish() {}
            Fish.prototype = { swim() { this.turn(); }, turn() {} };
            new Fish().swim();
        """)
        assert found == [
            ("<module>", "Fish", 9),
            ("<module>", "Fish.prototype.swim", 9),
            ("<module>", "animal.eat", 3),
            ("<module>", "animal.eat", 6),
            ("<module>", "move.value", 4),
            ("Fish.prototype.swim", "Fish.prototype.turn", 8),
        ]

    def test_a_class_may_extend_a_function(self) -> None:
        """It inherits the prototype; what the class defines itself comes first."""
        found = edges("""
            function Base() {}
            Base.prototype.a = function () {};
            Base.prototype.b = function () {};
            class Derived extends Base { b() {} }
            const d = new Derived();
            d.a();
            d.b();
        """)
        assert found == [("<module>", "Base", 5), ("<module>", "Base.a", 6), ("<module>", "Derived.b", 7)]


class TestClasses:
    """Members of classes."""

    def test_static_and_instance_members_are_apart(self) -> None:
        """Of one name, the class has the static one and its instances the other."""
        found = edges("""
            class A { static m() { this.k(); } m() {} static k = () => {}; #p() {} q() { this.#p(); } }
            A.m();
            const a = new A();
            a.m();
            a.q();
        """)
        assert found == [
            ("<module>", "A.m", 2),
            ("<module>", "A.m", 4),
            ("<module>", "A.q", 5),
            ("A.m", "A.k", 1),
            ("A.q", "A.#p", 1),
        ]

    def test_super_in_classes_and_objects(self) -> None:
        """`super.m` is that of the base, of the class for a static method, of the prototype for an object."""
        found = edges("""
            class A { m() {} static s() {} }
            class B extends A { m() { super.m(); } static s() { super.s(); } }
            const o = { __proto__: { t() {} }, t() { super.t(); } };
            new B().m();
        """)
        assert [e for e in found if e[0] != "<module>"] == [
            ("B.m", "A.m", 2),
            ("B.s", "A.s", 2),
            ("o.t", "o.__proto__.t", 3),
        ]


class TestFunctions:
    """Functions as values."""

    def test_call_apply_and_bind(self) -> None:
        """They run the function with the given `this` and hand their arguments on."""
        found = edges("""
            function f(cb) { cb(); this.go(); }
            function a() {}
            function b() {}
            const o = { go() {} };
            f.call(o, a);
            f.apply(o, [b]);
            const g = f.bind(o);
            g(a);
        """)
        assert found == [
            ("<module>", "f", 5),
            ("<module>", "f", 6),
            ("<module>", "f", 8),
            ("f", "a", 1),
            ("f", "b", 1),
            ("f", "o.go", 1),
        ]

    def test_patterns_in_parameters_and_declarations(self) -> None:
        """Nested ones, defaults and rests give each name its part."""
        found = edges("""
            function a() {}
            function b() {}
            function take({ x, y: [z = b] }, ...[w]) { x(); z(); w(); }
            take({ x: a, y: [] }, b);
            const [first, ...others] = [a, b];
            others[0]();
        """)
        assert found == [
            ("<module>", "b", 6),
            ("<module>", "take", 4),
            ("take", "a", 3),
            ("take", "b", 3),
        ]

    def test_arguments_and_functions_that_are_called_where_they_stand(self) -> None:
        """`arguments` has what no parameter takes; an immediately called function knows its arguments."""
        found = edges("""
            function a() {}
            function f(x) { arguments[1](); }
            f(0, a);
            (function (g) { g(); })(a);
        """)
        assert found == [
            ("<lambda>", "a", 4),
            ("<module>", "<lambda>", 4),
            ("<module>", "f", 3),
            ("f", "a", 2),
        ]

    def test_a_tag_is_called_with_the_substitutions(self) -> None:
        """The first parameter of a tag gets the strings."""
        assert edges("function tag(s, f) { f(); }\nfunction a() {}\ntag`x${a}`;\n") == [
            ("<module>", "tag", 3),
            ("tag", "a", 1),
        ]


class TestLibrary:
    """Arrays, collections, iterators, promises and timers."""

    def test_callbacks_of_arrays_get_the_elements(self) -> None:
        """Results of callbacks are the elements of what `map` makes; an inline callback is no call of its own."""
        found = edges("""
            function a() {}
            function b() {}
            [a].map((f) => { f(); return b; }).forEach((g) => g());
            [a].reduce((kept, f) => { f(); return kept; }, b)();
        """)
        assert found == [
            ("<lambda>", "a", 3),
            ("<lambda>", "a", 4),
            ("<lambda>", "b", 3),
            ("<module>", "b", 4),
        ]

    def test_a_named_callback_is_called(self) -> None:
        """Where a function of the library gets it, by name."""
        found = edges("""
            function a() {}
            function run(f) { f(); }
            [a].forEach(run);
            setTimeout(run, 10, a);
        """)
        assert found == [("<module>", "run", 3), ("<module>", "run", 4), ("run", "a", 2)]

    def test_what_is_added_is_iterated(self) -> None:
        """Arrays, sets and maps give what is put into them; a map gives under a key what is put under that key."""
        found = edges("""
            function a() {}
            function b() {}
            const list = [];
            list.push(a);
            for (const f of list) f();
            const set = new Set([a]);
            for (const f of set) f();
            const map = new Map([['x', a]]);
            map.set('y', b);
            map.get('z')?.();
            for (const [k, f] of map) f();
        """)
        assert found == [
            ("<module>", "a", 5),
            ("<module>", "a", 7),
            ("<module>", "a", 10),
            ("<module>", "a", 11),
            ("<module>", "b", 11),
        ]

    def test_generators(self) -> None:
        """Iterating gives what is yielded, by way of other generators too."""
        found = edges("""
            function a() {}
            function* inner() { yield a; }
            function* outer() { yield* inner(); }
            for (const f of outer()) f();
            outer().next().value();
        """)
        assert found == [
            ("<module>", "a", 4),
            ("<module>", "a", 5),
            ("<module>", "outer", 4),
            ("<module>", "outer", 5),
            ("outer", "inner", 3),
        ]

    def test_promises(self) -> None:
        """`then` gets the value, `catch` the reason; what a handler returns is the value of the next promise."""
        found = edges("""
            function a() {}
            function b() {}
            const p = new Promise((resolve, reject) => { resolve(a); reject(b); });
            p.then((f) => { f(); return b; }).then((g) => g());
            p.catch((e) => e());
            async function make() { return a; }
            async function use() { (await make())(); }
            Promise.all([p, make()]).then(([f, g]) => g());
        """)
        assert found == [
            ("<lambda>", "a", 4),
            ("<lambda>", "a", 8),
            ("<lambda>", "b", 4),
            ("<lambda>", "b", 5),
            ("<module>", "make", 8),
            ("use", "a", 7),
            ("use", "make", 7),
        ]

    def test_a_declared_promise_is_one_of_what_it_declares(self) -> None:
        """`Promise<T>` as a result: `then` and `await` give a `T`."""
        found = edges(
            {
                "m.ts": """
                class User { save() {} }
                declare function load(): Promise<User>;
                class Users { find(): Promise<User> { return load(); } }
                new Users().find().then((u) => u.save());
                async function f(users: Users) { (await users.find()).save(); }
            """,
            }
        )
        assert [e for e in found if e[1].endswith("save")] == [
            ("m.ts:<lambda>", "m.ts:User.save", 4),
            ("m.ts:f", "m.ts:User.save", 5),
        ]

    def test_what_is_not_known_is_not_guessed(self) -> None:
        """A name alone never makes an edge."""
        assert edges("const o = { save() {} };\nfunction f(x) { x.save(); y.save(); }\n") == []


class TestModules:
    """CommonJS and ES modules."""

    def test_exports_of_every_form(self) -> None:
        """`exports.x`, `module.exports = {…}`, a folder's index, a required call, an imported namespace."""
        found = edges(
            {
                "one.js": "exports.f = function () { exports.g(); };\nexports.g = () => {};\n",
                "two.js": "module.exports = { h() { this.k(); }, k() {} };\n",
                "lib/index.js": "module.exports = function () {};\n",
                "three.mjs": "export default class { m() {} }\nexport const n = () => {};\n",
                "m.js": """
                const { f } = require('./one');
                const two = require('./two');
                f();
                two.h();
                require('./lib')();
                import('./three.mjs').then((m) => m.n());
                async function late() { const { n } = await import('./three.mjs'); n(); }
            """,
            }
        )
        assert found == [
            ("<lambda>", "three.mjs:n", 6),
            ("<module>", "lib/index.js:<lambda>", 5),
            ("<module>", "one.js:f", 3),
            ("<module>", "two.js:h", 4),
            ("late", "three.mjs:n", 7),
            ("one.js:f", "one.js:g", 1),
            ("two.js:h", "two.js:k", 1),
        ]

    def test_callbacks_go_from_file_to_file(self) -> None:
        """An object of handlers is known where it is taken apart."""
        found = edges(
            {
                "lib.js": "exports.listen = ({ onData }, done) => { onData(); done(); };\n",
                "m.js": "const { listen } = require('./lib');\nfunction end() {}\nlisten({ onData() {} }, end);\n",
            }
        )
        assert found == [
            ("<module>", "lib.js:listen", 3),
            ("lib.js:listen", "end", 1),
            ("lib.js:listen", "onData", 1),
        ]

    def test_of_many_functions_of_one_factory_nothing_is_said(self) -> None:
        """What a function gives by its argument is one of what stands in it: with three and more, no edge is right."""
        found = edges(
            {
                "lib.js": """
                    exports.by = (n, body) => {
                        switch (n) {
                            case 1: return function (a) { return body(a); };
                            case 2: return function (a, b) { return body(a, b); };
                            default: return function () { return body(...arguments); };
                        }
                    };
                    exports.either = (n) => n ? (a) => a : (b) => b;
                """,
                "m.js": """
                    const { by, either } = require('./lib');
                    const one = by(1, (a) => a);
                    one(2);
                    const two = either(1);
                    two(2);
                """,
            }
        )
        assert [edge for edge in found if edge[0] == "<module>"] == [
            ("<module>", "lib.js:by", 2),
            ("<module>", "lib.js:either", 4),
            ("<module>", "lib.js:either.<lambda>", 5),
            ("<module>", "lib.js:either.<lambda>", 5),
        ]
