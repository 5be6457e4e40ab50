"""Compare the models of a Prisma schema, as driftd reads them, with what Prisma's own parser says of it.

    python -m benchmarks.accuracy_prisma WORKSPACE --schema prisma/schema.prisma --modules FOLDER

FOLDER is where `npm install @prisma/internals` put its `node_modules`.  A field is a column: relations are none.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy import analyse, ask, compare, parser_of, rows_of

PARSER = r"""
const { getDMMF } = require("@prisma/internals");
getDMMF({ datamodel: require("fs").readFileSync(process.env.SCHEMA, "utf8") }).then(({ datamodel }) => {
  const columns = (model) => model.fields.filter((field) => field.kind !== "object").map((field) => field.name);
  console.log("@@" + JSON.stringify(datamodel.models.map((m) => [m.name, m.dbName || m.name, columns(m)])));
});
"""


def main() -> None:
    """Run the script."""
    parser = parser_of(__doc__)
    parser.add_argument("--schema", required=True, help="below the workspace")
    parser.add_argument("--modules", type=Path, required=True)
    arguments = parser.parse_args()
    workspace = arguments.workspace.resolve()
    truth: list[tuple[str, str, list[str]]] = ask(
        ["node", "-e"], PARSER, arguments.modules, {"SCHEMA": str(workspace / arguments.schema)}
    )
    if not arguments.keep:
        analyse(workspace)
    rows = [
        (model, table, field)
        for file, model, table, field in rows_of(
            workspace, "SELECT file, model_name, table_name, field_name FROM boundaries"
        )
        if file == arguments.schema
    ]
    compare(
        "tables",
        {(model, table) for model, table, _ in truth},
        {(model, table) for model, table, field in rows if field is None},
        verbose=arguments.verbose,
    )
    compare(
        "fields",
        {(model, field) for model, _, fields in truth for field in fields},
        {(model, field) for model, _, field in rows if field is not None},
        verbose=arguments.verbose,
    )


if __name__ == "__main__":
    main()
