"""Reads a day file with DuckDB and pyarrow: what they find is what tollgate reports and exports.

dayfiles_read.py DAY_FILE REPORT_BY_MODEL.json CALLS.jsonl
"""

import decimal
import json
import sys

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

path, report_path, calls_path = sys.argv[1:]
with open(report_path) as file:
    report = json.load(file, parse_float=decimal.Decimal)
with open(calls_path) as file:
    calls = [json.loads(line) for line in file]

SUMS = ["calls", "input_tokens", "cache_read_tokens", "output_tokens", "cost_usd"]


def sums(row):
    return [int(row.get(name, 0)) for name in SUMS[:-1]] + [decimal.Decimal(row.get("cost_usd", "0"))]


reported = {row["model"]: sums(row) for row in report["rows"]}
assert len(reported) > 1, "the report has calls of several models"

duck = duckdb.connect()
duck.execute("set timezone = 'UTC'")
# In totals a model that has never answered is `other`: a client could invent any name.
by_model = duck.execute(
    """select coalesce(model, 'other'), count(*), coalesce(sum(input_tokens), 0),
         coalesce(sum(cache_read_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0)
       from read_parquet(?) group by 1""",
    [path],
).fetchall()
found = {model: list(rest) for model, *rest in by_model}
assert found == reported, f"DuckDB: {found}\nreport: {reported}"

# Nested columns are columns: the lines of a bill sum to the call.
(wrong,) = duck.execute(
    """select count(*) from read_parquet(?)
       where cost_usd is not null and cost_usd <> list_sum([line.cost_usd for line in cost_lines])""",
    [path],
).fetchone()
assert wrong == 0, f"{wrong} calls are not the sum of their lines"

described = duck.execute("describe select * from read_parquet(?)", [path]).fetchall()
columns = {name: kind for name, kind, *_ in described}
for column, kind in {
    "seq": "UBIGINT",
    "call_id": "UUID",
    "status": "USMALLINT",
    "stream": "BOOLEAN",
    "cost_usd": "DECIMAL(38,12)",
    "dimensions": "MAP(VARCHAR, VARCHAR)",
    "units": "MAP(VARCHAR, UBIGINT)",
    "flags": "VARCHAR[]",
}.items():
    assert columns[column] == kind, f"{column} is {columns[column]}"
assert columns["started_at"].startswith("TIMESTAMP"), columns["started_at"]
assert columns["cost_lines"].startswith("STRUCT(") and columns["cost_lines"].endswith("[]")

# One row a call, in the same order, and the same to the last digit.
rows = duck.execute(
    "select call_id::varchar, epoch_ns(started_at), cost_usd, model, status, flags from read_parquet(?) order by seq",
    [path],
).fetchall()
assert len(rows) == len(calls), f"{len(rows)} rows, {len(calls)} exported"


def epoch_ns(text):
    clock = duck.execute("select epoch_ns(?::timestamp_ns)", [text.rstrip("Z")]).fetchone()
    return clock[0]


for (call_id, started, cost, model, status, flags), call in zip(rows, calls):
    expected = call["cost_usd"] and decimal.Decimal(call["cost_usd"])
    assert (call_id, cost, model, status, flags) == (
        call["call_id"], expected, call["model"], call["status"], call["flags"],
    ), call
    assert started == epoch_ns(call["started_at"]), (started, call["started_at"])

# The second reader, by itself.
table = pq.read_table(path)
assert table.num_rows == len(calls)
spent = pc.sum(table["cost_usd"]).as_py()
assert spent == sum(row[-1] for row in reported.values()), spent
assert str(table.schema.field("started_at").type) == "timestamp[ns, tz=UTC]", table.schema.field("started_at")
assert str(table.schema.field("cost_usd").type) == "decimal128(38, 12)"
lines = pc.sum(pc.struct_field(pc.list_flatten(table["cost_lines"]), "cost_usd")).as_py()
assert lines == spent, (lines, spent)

print(f"{len(calls)} calls, {len(reported)} models, {spent} USD: DuckDB and pyarrow read what tollgate reports")
