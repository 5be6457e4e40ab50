"""Which fields are sensitive, by whole words of their names, their type and their model."""

from __future__ import annotations

import pytest

from driftd.pipeline.data.inflection import plural
from driftd.pipeline.data.sensitivity import sensitivity_of
from driftd.pipeline.data.sql import statements


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("email", ("pii", 0.9)),
        ("firstName", ("pii", 0.8)),
        ("homeAddress", ("pii", 0.75)),
        ("ip_address", ("pii", 0.7)),
        ("ssn_last4", ("pii", 0.95)),
        ("userPassword", ("credentials", 0.95)),
        ("api_key", ("credentials", 0.95)),
        ("credit_card_number", ("financial", 0.95)),
        ("iban", ("financial", 0.9)),
        ("diagnosis", ("health", 0.95)),
        ("email_template_body_address", ("pii", 0.9)),
        ("preshared_key", ("credentials", 0.9)),
    ],
)
def test_terms(name: str, expected: tuple[str, float]) -> None:
    """The longest term wins, and of equally long ones the surer."""
    assert sensitivity_of(name) == expected


@pytest.mark.parametrize(
    "name",
    ["company", "private", "estate", "meeting", "trace", "email_enabled", "email_verified", "is_email", "token_count",
     "password_changed_at", "email_sent_at", "last_password_change", "emailTransportId", "email_settings", "emailRateLimits",
     "password_required", "secretary", "x", "id", "_", "addressee"],
)  # fmt: skip
def test_what_only_looks_like_it(name: str) -> None:
    """Parts of words are no words, and a flag about a thing is not the thing."""
    assert sensitivity_of(name) is None


def test_type_and_model_count() -> None:
    """A truth value holds nothing; a user's email is surer than any email."""
    assert sensitivity_of("email", "BooleanField") is None
    assert sensitivity_of("email", "EmailField", "UserProfile") == ("pii", 1.0)
    assert sensitivity_of("billing_address", "OneToOneField") is None
    assert sensitivity_of("address", "TextField", "Customer") == ("pii", 0.85)
    assert sensitivity_of("address", "IPAddressField", "IPAddress") is None
    assert sensitivity_of("mac_address", "CharField", "Interface") is None
    assert sensitivity_of("key", "CharField", "ApiToken") == ("credentials", 0.85)
    assert sensitivity_of("key", "CharField", "Setting") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM t WHERE b = %s", [("select", "t")]),
        ("INSERT INTO a SELECT * FROM b JOIN c USING (x)", [("insert", "a"), ("select", "b"), ("select", "c")]),
        (
            "WITH r AS (SELECT * FROM b) DELETE FROM a WHERE id IN (SELECT id FROM r)",
            [("delete", "a"), ("select", "b")],
        ),
        ("INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 1", [("upsert", "a")]),
        ("INSERT OR REPLACE INTO t VALUES (%(a)s)", [("upsert", "t")]),
        ("TRUNCATE a, b", [("delete", "a"), ("delete", "b")]),
        ("CREATE INDEX i ON t (a)", [("migration", "t")]),
        ("DROP TRIGGER IF EXISTS a ON t", [("migration", "unknown")]),
        ("Update your settings", []),
        ("COMMIT;", [("transaction", "unknown")]),
        ("UPDATE `t` SET a = ? WHERE b = ?", [("update", "t")]),
        ("CREATE TABLE t (a int)", [("migration", "t")]),
        ("SELECT 'FROM x' FROM {}", [("select", "unknown")]),
        ("SELECT * FROM s.t; DROP TABLE u", [("select", "s.t"), ("migration", "u")]),
        ("not sql at all", []),
        ("SELECT FROM WHERE (", []),
        ("", []),
    ],
)
def test_sql(text: str, expected: list[tuple[str, str]]) -> None:
    """Statements are parsed: text in strings, common table expressions and placeholders are no tables."""
    assert list(statements(text)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("user", "users"), ("Person", "People"), ("category", "categories"), ("OrderStatus", "OrderStatuses"), ("box", "boxes"),
     ("day", "days"), ("news", "news"), ("BlogEntry", "BlogEntries"), ("person", "people"), ("data", "data")],
)  # fmt: skip
def test_plurals(name: str, expected: str) -> None:
    """The last word of a name is put into the plural."""
    assert plural(name) == expected
