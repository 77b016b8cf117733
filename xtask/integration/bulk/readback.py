"""Reads files of an export with programs that know nothing of this project, and compares them with the rows as NDJSON.

    readback.py ROWS.ndjson FILE...

Prints a line for each file and reader; fails for the first that does not hold what the rows say.
"""
import csv
import datetime
import gzip
import io
import json
import re
import sys


def rows_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def text(value):
    """A value as a person reads it, whatever type a reader gave it."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        moment = moment.astimezone(datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}+0000"
    return str(value)


def same(found, wanted):
    """Whether a value came back; a number may be written in another way."""
    found, wanted = text(found), "" if wanted is None else wanted if isinstance(wanted, str) else text(wanted)
    if found == wanted:
        return True
    try:
        return float(found) == float(wanted)
    except ValueError:
        return False


def expected(row):
    flat = {}
    for name, value in row.items():
        if name in ("flowNodeInstances",):
            continue
        if name == "variables":
            flat.update({f"variable:{key}": inner for key, inner in value.items()})
        elif name == "counts":
            flat.update({f"counts.{key}": inner for key, inner in value.items()})
        elif name == "flowNodeDurations":
            flat.update({f"flowNodeDuration:{key}": inner["value"] for key, inner in value.items()})
        else:
            flat[name] = value
    return flat


def compare(reader, path, records, rows):
    records = list(records)
    assert len(records) == len(rows), f"{reader} {path}: {len(records)} records, not {len(rows)}"
    for number, (record, row) in enumerate(zip(records, rows)):
        for name, value in expected(row).items():
            found = record.get(name, record.get(f"{name} (ms)", record.get(f"{name} (UTC)", record.get(f"{name} (count)"))))
            # Control characters come back from a workbook as their escapes.
            if isinstance(found, str):
                found = re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), found)
            assert same(found, value), f"{reader} {path}: row {number}, {name}: {found!r}, not {value!r}"
    print(f"{reader}: {path.rsplit('/', 1)[-1]}: {len(records)} records")


def events(reader, path, count, cases, rows):
    wanted = sum(len(row["flowNodeInstances"]) for row in rows)
    assert (count, cases) == (wanted, len(rows)), f"{reader} {path}: {count} events of {cases} cases, not {wanted} of {len(rows)}"
    print(f"{reader}: {path.rsplit('/', 1)[-1]}: {count} events of {cases} cases")


def read(path, rows):
    if ".events." in path:
        import pandas, pm4py
        frame = pandas.read_parquet(path)
        frame = frame.sort_values(["case:concept:name", "time:timestamp"])
        assert str(frame["time:timestamp"].dtype).startswith("datetime64"), frame.dtypes
        events("pandas", path, len(frame), frame["case:concept:name"].nunique(), rows)
        graph, _, _ = pm4py.discover_dfg(frame)
        print(f"pm4py: {path.rsplit('/', 1)[-1]}: {len(graph)} pairs of activities")
        named = frame[frame["activity:id"] != ""]
        assert len(named) == len(frame), f"{len(frame) - len(named)} events have no activity:id"
    elif path.endswith(".parquet"):
        import duckdb, polars, pyarrow.parquet
        table = pyarrow.parquet.read_table(path)
        compare("pyarrow", path, table.to_pylist(), rows)
        compare("polars", path, polars.read_parquet(path).to_dicts(), rows)
        found = duckdb.sql("SET TimeZone = 'UTC'") or duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
        compare("duckdb", path, (dict(zip(found.columns, record)) for record in found.fetchall()), rows)
        units = {field.name: (field.metadata or {}).get(b"unit") for field in table.schema}
        assert units["duration"] == b"ms", units
    elif path.endswith((".arrow", ".arrows")):
        import pyarrow.ipc
        opened = pyarrow.ipc.open_file if path.endswith(".arrow") else pyarrow.ipc.open_stream
        with open(path, "rb") as file:
            compare("pyarrow", path, opened(file).read_all().to_pylist(), rows)
    elif path.endswith(".xlsx"):
        import openpyxl
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref, "no frozen heading, or no filter"
        lines = sheet.iter_rows(values_only=True)
        heading = next(lines)
        compare("openpyxl", path, (dict(zip(heading, line)) for line in lines), rows)
        types = {name: cell.data_type for name, cell in zip(heading, sheet[2])}
        assert types["processInstanceId"] == "s" and types["startDate (UTC)"] == "d", types
    elif path.endswith((".xes", ".xes.gz")):
        import pm4py
        frame = pm4py.read_xes(path)
        done = frame[frame["lifecycle:transition"] == "complete"]
        ended = sum(1 for row in rows for node in row["flowNodeInstances"] if node["endDate"])
        assert len(done) == ended, f"{len(done)} ends, not {ended}"
        begun = frame.groupby(["case:concept:name", "concept:instance"]).ngroups
        events("pm4py", path, begun, frame["case:concept:name"].nunique(), rows)
    elif ".csv" in path or ".tsv" in path:
        import duckdb
        raw = open(path, "rb").read()
        if path.endswith(".gz"):
            raw = gzip.decompress(raw)
        elif path.endswith(".zst"):
            raw = zstd(path)
        delimiter = "\t" if ".tsv" in path else ","
        compare("csv", path, csv.DictReader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter), rows)
        found = duckdb.sql(f"SELECT * FROM read_csv('{path}', all_varchar = true, header = true, delim = '{delimiter}', nullstr = 'none at all')")
        compare("duckdb", path, (dict(zip(found.columns, record)) for record in found.fetchall()), rows)
    else:
        import duckdb
        found = duckdb.sql(f"SELECT count(*), count(DISTINCT processInstanceId) FROM read_json_auto('{path}')").fetchall()[0]
        assert found == (len(rows), len(rows)), found
        print(f"duckdb: {path.rsplit('/', 1)[-1]}: {found[0]} rows")


def zstd(path):
    import pyarrow
    with pyarrow.input_stream(path, compression="zstd") as stream:
        return stream.read()


def main():
    rows = rows_of(sys.argv[1])
    for path in sys.argv[2:]:
        read(path, rows)


main()
