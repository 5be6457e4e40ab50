"""How sensitive a field is, by the words of its name, its type and the model it stands in.

Names are split into words and whole words are compared, so that `company` has nothing of `pan`.  The longest term
wins; what only speaks about the thing (`password_changed_at`, `email_verified`, `token_count`) counts for less or not
at all.  A word that says little by itself is judged by its model: a `key` of a token, an `address` of a network.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal, NamedTuple

Kind = Literal["pii", "credentials", "financial", "health"]


class Sensitive(NamedTuple):
    """What kind of sensitive data, and how sure."""

    kind: Kind
    confidence: float


LEAST: Final = 0.30


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: `homeAddress2` and `home_address2` are home, address."""
    return tuple([word.lower() for word in _WORD.findall(name)])


@cache
def sensitivity_of(field: str, type_name: str = "", model: str = "") -> Sensitive | None:
    """Return how sensitive a field is, or None."""
    words, around = words_of(field), frozenset(words_of(model))
    found = _term(words) or _by_model(words, around)
    if found is None:
        return None
    at, length, base, kind = found
    if _says_type(type_name, _TRUTHS) or words[0] in _QUESTIONS:
        return None
    if words[at : at + length] == ("address",) and not _ELSEWHERE.isdisjoint(around.union(words[:at])):
        return None
    factor = 1.0
    rest = words[at + length :]
    if rest:
        factor *= min((value for suffix, value in _SUFFIXES.items() if rest[-len(suffix) :] == suffix), default=1.0)
    if kind in _TEXTUAL and _says_type(type_name, _NUMBERS | _MOMENTS | _LINKS) and words[-1] not in _DATED:
        factor *= 0.2
    boost = next((value for names, of, value in _CONTEXTS if of == kind and names & around), 0.0)
    confidence = round(min(1.0, base + boost) * factor, 4)
    return Sensitive(kind, confidence) if confidence >= LEAST else None


def _by_model(words: tuple[str, ...], model: frozenset[str]) -> tuple[int, int, float, Kind] | None:
    """Judge a name that means something only in its model: the `key` of an `ApiToken`."""
    if words in _KEYS and not _KEY_HOLDERS.isdisjoint(model):
        return 0, len(words), 0.85, "credentials"
    return None


def _term(words: tuple[str, ...]) -> tuple[int, int, float, Kind] | None:
    best: tuple[int, int, float, Kind] | None = None
    for at in range(len(words)):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            hit = _TERMS.get(words[at : at + length])
            if hit is not None and (best is None or (length, hit[0]) > (best[1], best[2])):
                best = (at, length, hit[0], hit[1])
    return best


def _says_type(type_name: str, words: frozenset[str]) -> bool:
    return any(word in words for word in words_of(type_name))


_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RULES: Final[tuple[tuple[Kind, float, str], ...]] = (
    ("pii", 0.95, "ssn, social_security, social_security_number, passport, passport_number, national_id, driver_license"),
    ("pii", 0.90, "email, email_address, e_mail, date_of_birth, dob, birth_date, birthdate, birthday"),
    ("pii", 0.85, "phone, phone_number, mobile_number, mobile_phone, cell_phone, telephone"),
    ("pii", 0.85, "gender, ethnicity, race, religion, sexual_orientation"),
    ("pii", 0.80, "first_name, last_name, full_name, given_name, surname, family_name, middle_name, maiden_name"),
    ("pii", 0.75, "address, street_address, home_address, mailing_address"),
    ("pii", 0.70, "ip_address, ip_addr, remote_ip, client_ip, remote_addr, user_agent, device_id"),
    ("pii", 0.50, "zip_code, postal_code, postcode"),
    ("credentials", 0.95, "password, passwd, pass_hash, password_hash, hashed_password"),
    ("credentials", 0.95, "api_key, apikey, api_secret, private_key, encryption_key, signing_key"),
    ("credentials", 0.90, "secret, secret_key, client_secret, oauth_token, oauth_secret, passphrase, preshared_key, psk"),
    ("credentials", 0.90, "backup_codes, recovery_codes, session_key"),
    ("credentials", 0.85, "token, access_token, refresh_token, auth_token, bearer_token"),
    ("credentials", 0.80, "salt"),
    ("financial", 0.95, "credit_card, card_number, cc_number, cvv, cvc"),
    ("financial", 0.90, "bank_account, account_number, iban, routing_number"),
    ("financial", 0.85, "tax_id, vat_number"),
    ("financial", 0.80, "salary, income, compensation, wage"),
    ("health", 0.95, "diagnosis, medical_record, health_record, clinical_note"),
    ("health", 0.85, "prescription, medication, dosage, lab_result, vital_sign"),
    ("health", 0.80, "blood_type, allergy, allergies, symptom, symptoms"),
    ("health", 0.75, "insurance_id, policy_number"),
)  # fmt: skip
_TERMS: Final[dict[tuple[str, ...], tuple[float, Kind]]] = {
    tuple(term.split("_")): (base, kind) for kind, base, terms in _RULES for term in terms.split(", ")
}
_LONGEST: Final = max(map(len, _TERMS))
_CONTEXTS: Final[tuple[tuple[frozenset[str], Kind, float], ...]] = (
    (frozenset({"user", "person", "customer", "employee", "patient", "member", "profile", "contact"}), "pii", 0.10),
    (frozenset({"auth", "credential", "account", "user"}), "credentials", 0.05),
    (frozenset({"payment", "billing", "invoice", "transaction"}), "financial", 0.10),
    (frozenset({"patient", "medical", "health", "clinical"}), "health", 0.10),
)
_SUFFIXES: Final[dict[tuple[str, ...], float]] = {
    **{(w,): 0.3 for w in ("type", "count", "format", "length", "size", "config", "setting", "preference", "option",
                           "settings", "preferences", "options", "limit", "limits", "usage", "cost")},
    **{(w,): 0.2 for w in ("enabled", "required", "visible", "active", "verified", "confirmed", "template",
                           "placeholder", "example", "sample", "policy", "label", "field", "name")},
    **{(w,): 0.2 for w in ("at", "on", "time", "date", "change", "changed", "verification", "confirmation")},
    ("expiry",): 0.2, ("expired",): 0.2, ("expires",): 0.2, ("expiration",): 0.2,
    ("id",): 0.2, ("subject",): 0.2, ("body",): 0.2, ("domain",): 0.3, ("host",): 0.2, ("backend",): 0.2,
}  # fmt: skip
_QUESTIONS: Final = frozenset({"is", "has", "can", "should", "needs", "num", "count", "require", "requires", "allow"})
_TRUTHS: Final = frozenset({"boolean", "bool"})
_NUMBERS: Final = frozenset({"integer", "int", "float", "smallinteger", "number", "decimal"})
_MOMENTS: Final = frozenset({"time", "timestamp", "datetime", "duration"})
_LINKS: Final = frozenset({"foreign", "many", "one"})
_DATED: Final = frozenset({"birth", "dob", "birthday", "birthdate", "date"})
_ELSEWHERE: Final = frozenset(
    {"ip", "mac", "network", "subnet", "range", "start", "end", "interface", "host", "bind", "listen", "memory", "web", "url",
     "wallet", "contract", "server", "node", "socket", "virtual", "source", "destination"}
)  # fmt: skip
_KEYS: Final = frozenset({("key",), ("keys",), ("hash",), ("digest",)})
_KEY_HOLDERS: Final = frozenset({"token", "tokens", "api", "apikey", "credential", "credentials", "secret"})
_TEXTUAL: Final = frozenset({"credentials", "pii"})
