"""Tables of v005: structure — coupling, constraints, contracts, constants, secrets, wrappers, DNA, crypto and OWASP."""

from typing import Literal

from driftd.rows.declare import AutoId, Json, Row, Stamp, Tier, Write, table

Zone = Literal["main_sequence", "zone_of_pain", "zone_of_uselessness"]
InvariantType = Literal[
    "must_exist",
    "must_not_exist",
    "must_precede",
    "must_follow",
    "must_colocate",
    "must_separate",
    "data_flow",
    "naming_convention",
    "dependency_direction",
    "layer_boundary",
    "size_limit",
    "complexity_limit",
]
Paradigm = Literal["rest", "graphql", "grpc", "asyncapi", "trpc", "websocket", "event_driven"]
MismatchType = Literal[
    "field_missing", "type_mismatch", "required_optional", "enum_value", "nested_shape", "array_scalar", "nullable"
]
WrapperCategory = Literal[
    "state_management",
    "data_fetching",
    "form_handling",
    "routing",
    "authentication",
    "error_boundary",
    "caching",
    "styling",
    "animation",
    "accessibility",
    "logging",
    "api_client",
    "middleware",
    "testing",
    "internationalization",
    "other",
]
CryptoCategory = Literal[
    "weak_hash",
    "deprecated_cipher",
    "hardcoded_key",
    "ecb_mode",
    "static_iv",
    "insufficient_key_len",
    "disabled_tls",
    "insecure_random",
    "jwt_confusion",
    "plaintext_password",
    "weak_kdf",
    "missing_encryption",
    "cert_pinning_bypass",
    "nonce_reuse",
]


@table(
    "coupling_metrics",
    key=("module",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    migration=5,
    indexes=(("zone",),),
    kept_because="the project analysis replaces it whole",
)
class CouplingMetricRow(Row, frozen=True, kw_only=True):
    """How a module hangs together with the others (R. C. Martin's package metrics).

    module: leading directories of the path, or a package's name
    ce: modules this one imports
    ca: modules that import this one
    instability: ce / (ce + ca), 0 when both are 0
    abstractness: abstract types of all types
    distance: |abstractness + instability - 1|
    zone: where that puts it
    """

    module: str
    ce: int
    ca: int
    instability: float
    abstractness: float
    distance: float
    zone: Zone
    updated_at: Stamp = 0


@table(
    "coupling_cycles",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.MEDIUM,
    age="resolved_at",
    migration=5,
    first_seen="created_at",
)
class CouplingCycleRow(Row, frozen=True, kw_only=True):
    """Modules that import each other in a circle.

    id: fingerprint of the sorted members
    members: sorted array of modules
    break_suggestions: array of {from, to, impact_score}, cheapest first
    """

    id: str
    members: Json
    break_suggestions: Json = "[]"
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "constraints",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.CURRENT,
    migration=5,
    indexes=(("invariant_type",), ("source",)),
    first_seen="created_at",
    kept_because="a person wrote or accepted it; only its owner removes it",
)
class ConstraintRow(Row, frozen=True, kw_only=True):
    """A rule about the architecture that every analysis verifies.

    id: slug; `synth-KIND-VALUE` for a synthesized one
    invariant_type: what sort of rule it is
    target: operand, in the grammar of its type
    scope: glob of the files it holds for; NULL = the whole project
    source: who made it
    enabled: a disabled one is not verified
    """

    id: str
    description: str
    invariant_type: InvariantType
    target: str
    scope: str | None = None
    source: Literal["manual", "synthesized", "frozen"]
    enabled: bool = True
    created_at: Stamp = 0
    updated_at: Stamp = 0


@table(
    "constraint_verifications",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="verified_at",
    migration=5,
    indexes=(("constraint_id", "verified_at"), ("verified_at",)),
    series=("constraint_id",),
    thinned=True,
    references={"constraint_id": "constraints.id"},
)
class ConstraintVerificationRow(Row, frozen=True, kw_only=True):
    """What one run found about one constraint.

    constraint_id: `constraints.id`
    passed: whether it held
    violations: array of {file, line, message, expected, actual}
    verified_at: when it was verified
    """

    id: AutoId = None
    constraint_id: str
    passed: bool
    violations: Json = "[]"
    verified_at: Stamp = 0


@table(
    "contracts",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.CURRENT,
    file="source_file",
    migration=5,
    indexes=(("paradigm",), ("source_file",), ("framework",)),
    first_seen="created_at",
)
class ContractRow(Row, frozen=True, kw_only=True):
    """The endpoints that one file provides or consumes.

    id: source file and framework, or kind of schema and file
    paradigm: style of the interface
    source_file: path relative to the workspace, with forward slashes
    endpoints: array of {method, path, role, file, line, request_fields, response_fields …}
    """

    id: str
    paradigm: Paradigm
    source_file: str
    framework: str
    confidence: float
    endpoints: Json
    created_at: Stamp = 0
    updated_at: Stamp = 0


@table(
    "contract_mismatches",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.MEDIUM,
    age="resolved_at",
    migration=5,
    indexes=(("mismatch_type",),),
    first_seen="created_at",
)
class ContractMismatchRow(Row, frozen=True, kw_only=True):
    """A consumer and a provider that disagree.

    id: fingerprint; survives editing
    backend_endpoint: `METHOD path @file:line` of the provider
    frontend_call: the same of the consumer
    mismatch_type: what does not fit
    message: names the field and both sides
    """

    id: str
    backend_endpoint: str
    frontend_call: str
    mismatch_type: MismatchType
    severity: Literal["critical", "high", "medium", "low"]
    message: str
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "constants",
    key=("id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=5,
    indexes=(("file",), ("is_used",)),
)
class ConstantRow(Row, frozen=True, kw_only=True):
    """A named constant, or a number that should have a name.

    name: declared name; of a magic number the suggested name, else the literal
    value: source text, at most 200 characters; masked where it is a secret
    is_used: whether anything but its declaration refers to it
    is_named: false for a magic number
    """

    id: AutoId = None
    name: str
    value: str
    file: str
    line: int
    column_num: int
    is_used: bool = True
    language: str
    is_named: bool = True
    created_at: Stamp = 0


@table(
    "secrets",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=5,
    indexes=(("pattern_name",), ("file",), ("severity",)),
    first_seen="created_at",
)
class SecretRow(Row, frozen=True, kw_only=True):
    """A credential in the code; its clear value is nowhere stored.

    id: fingerprint; survives editing
    pattern_name: id of the rule
    redacted_value: what may be shown of it
    entropy: Shannon bits per character of the secret part
    cwe_ids: array of CWE numbers
    """

    id: str
    pattern_name: str
    redacted_value: str
    file: str
    line: int
    severity: Literal["critical", "high", "medium", "low", "info", "false_positive", "suppressed"]
    entropy: float
    confidence: float
    cwe_ids: Json
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "env_variables",
    key=("id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=5,
    indexes=(("name",), ("file",)),
)
class EnvVariableRow(Row, frozen=True, kw_only=True):
    """A place that reads an environment variable.

    access_method: the API used, such as `os.getenv`
    has_default: whether the access has a fallback of its own
    defined_in_env: whether an env file of the project defines it
    framework_prefix: framework that the name's prefix belongs to, or NULL
    """

    id: AutoId = None
    name: str
    file: str
    line: int
    access_method: str
    has_default: bool = False
    defined_in_env: bool = False
    framework_prefix: str | None = None
    created_at: Stamp = 0


@table(
    "wrappers",
    key=("id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    file="file",
    migration=5,
    indexes=(("file",), ("category",), ("framework",)),
)
class WrapperRow(Row, frozen=True, kw_only=True):
    """A function that wraps a primitive of a framework.

    wrapped_primitives: array of every primitive its body calls, the main one first
    framework: framework of the main primitive
    is_multi_primitive: whether it wraps two or more
    is_exported: whether other files can import it
    usage_count: call sites in the project
    """

    id: AutoId = None
    name: str
    file: str
    line: int
    category: WrapperCategory
    wrapped_primitives: Json
    framework: str
    confidence: float
    is_multi_primitive: bool = False
    is_exported: bool = False
    usage_count: int = 0
    created_at: Stamp = 0


@table(
    "dna_genes",
    key=("gene_id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    migration=5,
    kept_because="the project analysis replaces it whole",
)
class DnaGeneRow(Row, frozen=True, kw_only=True):
    """A question of style that the project answers one way or another.

    gene_id: the question
    dominant_allele: id of the prevailing answer, or NULL
    alleles: array of {id, name, description, frequency, file_count, pattern, examples, is_dominant}
    confidence: frequency of the dominant allele
    consistency: gap between the first and the second frequency
    exemplars: array of files that show the dominant allele
    """

    gene_id: str
    name: str
    description: str
    dominant_allele: str | None = None
    alleles: Json
    confidence: float
    consistency: float
    exemplars: Json = "[]"
    updated_at: Stamp = 0


@table(
    "dna_mutations",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.MEDIUM,
    age="resolved_at",
    file="file",
    migration=5,
    indexes=(("file",), ("gene_id",), ("impact",), ("resolved",)),
    first_seen="detected_at",
)
class DnaMutationRow(Row, frozen=True, kw_only=True):
    """A file that answers a question of style in another way than the project.

    id: fingerprint of file, gene and allele
    gene_id: the question
    expected, actual: the dominant and the found allele
    impact: how much it stands out
    code: the source line, trimmed
    suggestion: one sentence: from actual to expected
    detected_at: when it was first seen
    resolved: whether resolved_at is set
    """

    id: str
    file: str
    line: int
    gene_id: str
    expected: str
    actual: str
    impact: Literal["high", "medium", "low"]
    code: str
    suggestion: str
    detected_at: Stamp = 0
    resolved: bool = False
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "crypto_findings",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=5,
    indexes=(("file",), ("category",), ("cwe_id",)),
    first_seen="created_at",
)
class CryptoFindingRow(Row, frozen=True, kw_only=True):
    """Cryptography used in a way that does not protect.

    id: fingerprint; survives editing
    description: what was matched
    code: the source line, trimmed, key material masked
    owasp: OWASP category such as `A02:2021`
    """

    id: str
    file: str
    line: int
    category: CryptoCategory
    description: str
    code: str
    confidence: float
    cwe_id: int
    owasp: str
    remediation: str
    language: str
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "owasp_findings",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=5,
    indexes=(("detector",), ("file",), ("severity",)),
    first_seen="created_at",
)
class OwaspFindingRow(Row, frozen=True, kw_only=True):
    """A security finding of any detector, placed in the OWASP and CWE catalogues.

    id: fingerprint; survives editing
    detector: id of the detector or rule
    severity: 0 to 10, as in CVSS
    cwes: array of CWE numbers
    owasp_categories: array such as ["A03:2021"]
    """

    id: str
    detector: str
    file: str
    line: int
    description: str
    severity: float
    cwes: Json
    owasp_categories: Json
    confidence: float
    remediation: str | None = None
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "decomposition_decisions",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.MEDIUM,
    age="created_at",
    migration=5,
    indexes=(("dna_profile_hash",), ("source_dna_hash",), ("created_at",)),
    series=(),
    unique=(("dna_profile_hash", "adjustment", "source_dna_hash"),),
)
class DecompositionDecisionRow(Row, frozen=True, kw_only=True):
    """A proposal to cut the project differently.

    dna_profile_hash: hash of this project's DNA profile
    adjustment: one of {split}, {merge}, {reclassify}
    dna_similarity: likeness of source and target project, 0 to 1
    narrative: why
    source_dna_hash: where the prior comes from; empty = computed here
    applied_weight: confidence times dna_similarity
    created_at: when it was last proposed
    """

    id: AutoId = None
    dna_profile_hash: str
    adjustment: Json
    confidence: float
    dna_similarity: float
    narrative: str
    source_dna_hash: str = ""
    applied_weight: float
    created_at: Stamp = 0
