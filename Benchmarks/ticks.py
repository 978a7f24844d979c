"""Measures import and replay of tick files: scripts/bench ticks [ROWS].

Makes a CSV file of plain quotes, imports it with this repository's importer, and reads and writes the same file with
DuckDB and polars (from PyPI, in a virtual environment under the temporary directory, when it may be made), each with one
thread, to binary output; all in one run, the best of three. Then replays the tick file from the page cache.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv

DUCKDB = """
import duckdb, os, resource, sys, time
source, target = sys.argv[1:3]
database = duckdb.connect()
database.execute("SET threads = 1")
begin = time.perf_counter()
database.execute(f"COPY (SELECT * FROM read_csv('{source}', header = true, columns = {{'timestamp': 'BIGINT', "
    "'bid': 'DECIMAL(18,8)', 'ask': 'DECIMAL(18,8)', 'bid_size': 'DECIMAL(18,8)', 'ask_size': 'DECIMAL(18,8)'}, "
    f"auto_detect = false, delim = ',')) TO '{target}' (FORMAT parquet, COMPRESSION uncompressed)")
end = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF)
print(end - begin, used.ru_utime + used.ru_stime, duckdb.__version__)
"""

POLARS = """
import os, resource, sys, time
os.environ["POLARS_MAX_THREADS"] = "1"
import polars
source, target = sys.argv[1:3]
begin = time.perf_counter()
schema = {"timestamp": polars.Int64, "bid": polars.Float64, "ask": polars.Float64, "bid_size": polars.Float64,
    "ask_size": polars.Float64}
polars.read_csv(source, schema=schema).write_ipc(target, compression="uncompressed")
end = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF)
print(end - begin, used.ru_utime + used.ru_stime, polars.__version__)
"""


def make_quotes(path, rows):
    generator = random.Random(1)
    moment, mid = 1582329601096000, 968200
    with open(path, "w") as file:
        file.write("timestamp,bid,ask,bid_size,ask_size\n")
        lines = []
        for number in range(rows):
            moment += generator.randrange(1, 2000)
            mid += generator.randrange(-3, 4)
            ask = mid + 7
            lines.append(
                f"{moment},{mid // 100}.{mid % 100:02d},{ask // 100}.{ask % 100:02d},"
                f"{generator.randrange(1, 9000) / 1000:.3f},{generator.randrange(1, 9000) / 1000:.3f}\n")
            if len(lines) == 100_000:
                file.write("".join(lines))
                lines = []
        file.write("".join(lines))


def peers():
    """The interpreter that has both readers; None when they cannot be installed."""
    folder = os.path.join(tempfile.gettempdir(), f"tradewind-bench-peers-{os.getuid()}")
    python = os.path.join(folder, "bin", "python")
    try:
        if not os.path.exists(python):
            venv.create(folder, with_pip=True)
        probe = subprocess.run([python, "-c", "import duckdb, polars"], capture_output=True)
        if probe.returncode != 0:
            subprocess.run([python, "-m", "pip", "install", "--quiet", "duckdb", "polars"], check=True, timeout=300)
        return python
    except (OSError, subprocess.SubprocessError) as error:
        print(f"DuckDB and polars are not measured: {error}", file=sys.stderr)
        return None


def ours(program, verb, *arguments):
    result = subprocess.run([program, verb, *arguments], check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def best(measure):
    return min((measure() for _ in range(3)), key=lambda result: result[1])


def imports(program, folder, source, rows):
    target = os.path.join(folder, "out.bin")

    def clear():
        if os.path.exists(target):
            os.remove(target)

    def tradewind():
        clear()
        result = ours(program, "import", source, target)
        return result["seconds"], result["cpu_seconds"], "this repository, synced to disk"

    def peer(python, script, name):
        def measure():
            clear()
            text = subprocess.run([python, "-c", script, source, target], check=True, capture_output=True, text=True).stdout
            wall, cpu, version = text.split()
            return float(wall), float(cpu), f"{name} {version}"
        return measure

    rates = {}
    measures = [("tradewind", tradewind)]
    python = peers()
    if python:
        measures += [("duckdb", peer(python, DUCKDB, "DuckDB")), ("polars", peer(python, POLARS, "polars"))]
    megabytes = os.path.getsize(source) / 1e6
    print(f"import of {rows} plain quotes, {megabytes:.0f} MB, one thread, best of three by CPU")
    for name, measure in measures:
        wall, cpu, what = best(measure)
        rates[name] = (rows / wall, rows / cpu)
        print(f"  {name:10} {rows / wall / 1e6:6.2f} million rows/s, {rows / cpu / 1e6:6.2f} per second of CPU  ({what})")
    for index, unit in [(0, "elapsed"), (1, "CPU")]:
        others = [rate[index] for name, rate in rates.items() if name != "tradewind"]
        if others:
            print(f"  ratio to the fastest other, {unit}: {rates['tradewind'][index] / max(others):.1f}")


def replay(program, folder, source):
    file = os.path.join(folder, "replay.ticks")
    result = ours(program, "import", source, file)
    for what in ["blocks", "feed"]:
        runs = [ours(program, "replay", file, what) for _ in range(5)]
        seconds = min(run["seconds"] for run in runs)
        size = runs[0]["bytes"]
        meaning = {"blocks": "mapped blocks to a consumer that does nothing, every checksum proven",
            "feed": "through the file feed, copied in batches"}[what]
        print(f"replay of {int(result['records'])} records: {size / seconds / 1e9:.1f} GB/s, "
            f"{size / 64 / seconds / 1e6:.0f} million records/s  ({meaning})")


def main():
    program = sys.argv[1]
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
    with tempfile.TemporaryDirectory(prefix="tradewind-ticks-") as folder:
        source = os.path.join(folder, "quotes.csv")
        make_quotes(source, rows)
        imports(program, folder, source, rows)
        replay(program, folder, source)


if __name__ == "__main__":
    main()
