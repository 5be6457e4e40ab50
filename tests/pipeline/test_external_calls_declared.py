"""external_calls of languages whose names are not imported one by one: where a name comes from, if that is sure."""

from __future__ import annotations

from tests.pipeline.test_external_calls import external


def called(path: str, text: str) -> list[tuple[str, str]]:
    """Return (symbol, package) of what a file of one function calls, in order of line."""
    rows = sorted(external({path: text}), key=lambda row: (row[3], row[1]))
    return [(symbol, package) for _, symbol, package, _, _ in rows]


def test_a_type_of_csharp_is_that_of_the_using_that_is_known_to_declare_it() -> None:
    """What a call gives is named after the call, an instance after its class; a full name needs no `using`."""
    text = """\
        using System;
        using System.Security.Cryptography;
        using Hash = System.Security.Cryptography.SHA1;
        namespace Shop;
        class Cart {
            void Run(RSA rsa) {
                var md5 = MD5.Create();
                md5.ComputeHash(null);
                new MD5CryptoServiceProvider();
                System.Security.Cryptography.SHA256.Create();
                Hash.Create();
                rsa.Encrypt(null);
                new Random().Next();
            }
        }
        """
    space = "System.Security.Cryptography"
    assert called("Cart.cs", text) == [
        (f"{space}.MD5.Create", space),
        (f"{space}.MD5.Create().ComputeHash", space),
        (f"{space}.MD5CryptoServiceProvider", space),
        (f"{space}.SHA256.Create", space),
        (f"{space}.SHA1.Create", space),
        (f"{space}.RSA.Encrypt", space),
        ("System.Random", "System"),
        ("System.Random.Next", "System"),
    ]


def test_a_using_that_alone_may_declare_a_type_does() -> None:
    """Of `System` all types are known, so what it lacks is the other's; with two others nothing is said."""
    one = """\
        using System;
        using Acme.Kit;
        class Cart { void Run() { Tool.Use(); Console.Write(1); } }
        """
    two = """\
        using Acme.Kit;
        using Other.Kit;
        class Cart { void Run() { Tool.Use(); Console.Write(1); } }
        """
    assert called("Cart.cs", one) == [("Acme.Kit.Tool.Use", "Acme.Kit"), ("System.Console.Write", "System")]
    assert called("Cart.cs", two) == [("System.Console.Write", "System")]


def test_a_using_of_the_whole_project_counts_in_all_of_its_files() -> None:
    """`global using` stands in one file only."""
    files = {
        "Usings.cs": "global using System.Security.Cryptography;\n",
        "Cart.cs": "class Cart { void Run() { MD5.Create(); } }\n",
    }
    space = "System.Security.Cryptography"
    assert [row[1:3] for row in external(files)] == [(f"{space}.MD5.Create", space)]


def test_what_a_class_of_csharp_inherits_is_its_only_base_classes() -> None:
    """An interface gives no members, and a bare call is no construction."""
    text = """\
        using Microsoft.AspNetCore.Mvc;
        class Cart : ControllerBase, IThing {
            IActionResult Run(string s) { return Redirect(s); }
        }
        """
    package = "Microsoft.AspNetCore.Mvc"
    assert called("Cart.cs", text) == [(f"{package}.ControllerBase.Redirect", package)]


def test_an_extension_method_of_the_workspace_may_be_meant() -> None:
    """`reader.Skip()` is said to be neither's where the workspace extends a type that is not known to be another."""
    text = """\
        using System.Xml;
        static class Readers { public static void Next(this Source s) { } }
        class Cart { void Run(XmlReader reader) { reader.Next(); reader.Read(); } }
        """
    assert called("Cart.cs", text) == [("System.Xml.XmlReader.Read", "System.Xml")]


def test_a_constant_of_ruby_is_its_first_names() -> None:
    """An instance bears the name of its class; what is defined in the workspace, and plain data, is not listed."""
    text = """\
        require "digest"
        class Cart
          def run(x)
            Digest::MD5.hexdigest(x)
            Faraday.get("u")
            ::Net::HTTP.get("u")
            c = OpenSSL::Cipher.new("DES")
            c.encrypt
            File.read(x)
            rand(5)
            Cart::Missing.go
            String.new
          end
        end
        """
    assert called("cart.rb", text) == [
        ("Digest.MD5.hexdigest", "Digest"),
        ("Faraday.get", "Faraday"),
        ("Net.HTTP.get", "Net"),
        ("OpenSSL.Cipher", "OpenSSL"),
        ("OpenSSL.Cipher.encrypt", "OpenSSL"),
        ("File.read", "ruby"),
        ("Kernel.rand", "ruby"),
    ]


def test_a_namespace_of_cpp_is_one_whose_header_is_included() -> None:
    """`std` and C's library need no header; a class of which nothing is known may be one that no file shows."""
    text = """\
        #include <openssl/md5.h>
        #include <nlohmann/json.hpp>
        using namespace std;
        using json = nlohmann::json;
        void run(std::string s) {
            std::rand();
            rand();
            MD5_Init(0);
            std::mt19937 gen(5);
            new std::thread(run);
            json::parse(s);
            shuffle(s, s);
            Unknown::go();
            EVP_unknown();
            gen();
        }
        template <class T> void use(T t) { T::go(); t.go(); }
        """
    assert called("run.cpp", text) == [
        ("std.rand", "std"),
        ("rand", "libc"),
        ("MD5_Init", "openssl"),
        ("std.mt19937", "std"),
        ("std.thread", "std"),
        ("nlohmann.json.parse", "nlohmann"),
        ("std.shuffle", "std"),
        ("EVP_unknown", "openssl"),
    ]
    assert called("run.c", "int run() { rand(); MD5_Init(0); }") == [("rand", "libc")]


def test_what_std_move_gives_is_what_it_takes() -> None:
    """So a method of it is the class's, and nothing of `std`."""
    text = """\
        struct Cart { void pay() {} };
        void run(Cart cart) { std::move(cart).pay(); }
        """
    assert called("run.cpp", text) == [("std.move", "std")]


def test_a_name_of_swift_is_that_of_the_module_that_declares_it() -> None:
    """A module brings others along; what all modules but one are known not to declare is that one's."""
    text = """\
        import Foundation
        import CryptoKit
        import Alamofire
        func run(x: Data) {
            Insecure.MD5.hash(data: x)
            CryptoKit.SHA256.hash(data: x)
            Request.send("x")
            SymmetricKey(size: .bits256)
            URLSession.shared.dataTask(with: x)
            arc4random()
            print("x")
        }
        """
    assert called("run.swift", text) == [
        ("CryptoKit.Insecure.MD5.hash", "CryptoKit"),
        ("CryptoKit.SHA256.hash", "CryptoKit"),
        ("Alamofire.Request.send", "Alamofire"),
        ("CryptoKit.SymmetricKey", "CryptoKit"),
        ("Foundation.URLSession.shared.dataTask", "Foundation"),
        ("Darwin.arc4random", "Darwin"),
    ]


def test_calling_a_value_is_no_call_of_its_type() -> None:
    """The field holds a response; a closure after it is an argument of something else."""
    text = """\
        import Foundation
        class Cart { var response: HTTPURLResponse
          func run() { response { x in } } }
        """
    assert called("Cart.swift", text) == []


def test_java_brings_its_own_language_and_a_star_what_its_package_declares() -> None:
    """Strings and exceptions are built-ins; the rest of `java.lang` reaches out of the program."""
    text = """\
        package shop;
        import javax.crypto.Cipher;
        import java.security.*;
        import java.util.*;
        class Cart {
            void run() throws Exception {
                Cipher c = Cipher.getInstance("DES");
                c.doFinal(null);
                MessageDigest.getInstance("MD5");
                new Random().nextInt();
                Runtime.getRuntime().exec("x");
                String.valueOf(new IllegalStateException("x"));
            }
        }
        """
    assert called("shop/Cart.java", text) == [
        ("javax.crypto.Cipher.getInstance", "javax.crypto"),
        ("javax.crypto.Cipher.doFinal", "javax.crypto"),
        ("java.security.MessageDigest.getInstance", "java.security"),
        ("java.util.Random", "java.util"),
        ("java.util.Random.nextInt", "java.util"),
        ("java.lang.Runtime.getRuntime", "java.lang"),
        ("java.lang.Runtime.getRuntime().exec", "java.lang"),
    ]


def test_kotlin_and_scala_look_where_they_look_by_themselves() -> None:
    """Kotlin's files see `java.lang` as well."""
    kotlin = """\
        import java.security.*
        fun run() { MessageDigest.getInstance("MD5"); Runtime.getRuntime(); kotlin.random.Random.nextInt() }
        """
    scala = """\
        import java.security._
        object Cart { def run() = { MessageDigest.getInstance("MD5"); scala.util.Random.nextInt() } }
        """
    assert called("run.kt", kotlin) == [
        ("java.lang.Runtime.getRuntime", "java.lang"),
        ("java.security.MessageDigest.getInstance", "java.security"),
        ("kotlin.random.Random.nextInt", "kotlin.random"),
    ]
    assert called("Cart.scala", scala) == [
        ("java.security.MessageDigest.getInstance", "java.security"),
        ("scala.util.Random.nextInt", "scala.util"),
    ]


def test_a_package_of_go_is_its_path_whatever_it_is_called() -> None:
    """A dot import brings the names themselves."""
    text = """\
        package shop
        import (
            "crypto/md5"
            . "fmt"
            mrand "math/rand"
        )
        func run() {
            md5.New().Write(nil)
            mrand.Intn(4)
            Println("x")
        }
        """
    assert called("run.go", text) == [
        ("crypto/md5.New", "crypto/md5"),
        ("crypto/md5.New().Write", "crypto/md5"),
        ("math/rand.Intn", "math/rand"),
        ("fmt.Println", "fmt"),
    ]


def test_functions_and_classes_of_php_itself_are_its_own() -> None:
    """A namespace sees them without a backslash, unless it has one of the name."""
    text = """\
        <?php
        namespace App;
        function strlen($x) { }
        function run($x) {
            \\md5($x);
            hash('md5', $x);
            $p = new \\PDO("x");
            $p->query("x");
            strlen($x);
            other($x);
        }
        """
    assert called("run.php", text) == [
        ("md5", "php"),
        ("hash", "php"),
        ("PDO", "php"),
        ("PDO.query", "php"),
    ]


def test_a_full_path_of_rust_begins_with_its_crate() -> None:
    """Types of the language are built-ins."""
    text = """\
        fn run() {
            std::fs::read("x");
            rand::random();
            String::new();
        }
        """
    assert called("src/lib.rs", text) == [("std.fs.read", "std"), ("rand.random", "rand")]
