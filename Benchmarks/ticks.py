"""Measures import and replay of tick files: scripts/bench ticks [ROWS].

Makes a CSV file of plain quotes, imports it with this repository's importer, and reads and writes the same file with
DuckDB and polars (from PyPI, in a virtual environment under the temporary directory, when it may be made) to binary output
without compression: Parquet and Arrow IPC. All in one run, in turns, the best of five; once with every program on one and
the same processor and peers told to use one thread, once with all processors for everybody. The importer syncs its file to
disk and gives it its name before its time ends, the others leave theirs to the system. Starting Python and loading the
peers is not counted. Then replays the tick file from the page cache.
"""
import json
import os
import shutil
import random
import subprocess
import sys
import tempfile
import time
import venv

DUCKDB = """
import duckdb, os, resource, sys, time
source, target, threads = sys.argv[1:4]
database = duckdb.connect()
database.execute(f"SET threads = {threads}")
before = resource.getrusage(resource.RUSAGE_SELF)
begin = time.perf_counter()
database.execute(f"COPY (SELECT * FROM read_csv('{source}', header = true, columns = {{'timestamp': 'BIGINT', "
    "'bid': 'DECIMAL(18,8)', 'ask': 'DECIMAL(18,8)', 'bid_size': 'DECIMAL(18,8)', 'ask_size': 'DECIMAL(18,8)'}, "
    f"auto_detect = false, delim = ',')) TO '{target}' (FORMAT parquet, COMPRESSION uncompressed)")
end = time.perf_counter()
after = resource.getrusage(resource.RUSAGE_SELF)
print(end - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, duckdb.__version__)
"""

POLARS = """
import os, resource, sys, time
source, target, os.environ["POLARS_MAX_THREADS"] = sys.argv[1:4]
import polars
before = resource.getrusage(resource.RUSAGE_SELF)
begin = time.perf_counter()
schema = {"timestamp": polars.Int64, "bid": polars.Float64, "ask": polars.Float64, "bid_size": polars.Float64,
    "ask_size": polars.Float64}
polars.read_csv(source, schema=schema).write_ipc(target, compression="uncompressed")
end = time.perf_counter()
after = resource.getrusage(resource.RUSAGE_SELF)
print(end - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, polars.__version__)
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


def run(command, processors):
    """What a program prints; it runs on these processors only, where the system can do that."""
    def pin():
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, processors)
    return subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=pin).stdout


def every_processor():
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def ours(program, verb, *arguments, processors=None):
    return json.loads(run([program, verb, *arguments], processors or every_processor()))


def imports(program, folder, source, rows):
    target = os.path.join(folder, "out.bin")
    python = peers()
    programs = [("tradewind", None)] + ([("DuckDB", DUCKDB), ("polars", POLARS)] if python else [])

    def measure(name, script, processors):
        if os.path.exists(target):
            os.remove(target)
        if script is None:
            result = ours(program, "import", source, target, processors=processors)
            return result["seconds"], result["cpu_seconds"], "synced to disk", os.path.getsize(target)
        text = run([python, "-c", script, source, target, str(len(processors))], processors)
        wall, cpu, version = text.split()
        return float(wall), float(cpu), version, os.path.getsize(target)

    size = os.path.getsize(source) / 1e6
    print(f"import of {rows} plain quotes, {size:.0f} MB, best of five in turns")
    every = every_processor()
    for what, processors in [("one core", {min(every)}), (f"all {len(every)} cores", every)]:
        best = {}
        for _ in range(5):
            for name, script in programs:
                result = measure(name, script, processors)
                best[name] = min(best.get(name, result), result)
        for name, (wall, cpu, note, written) in best.items():
            print(f"  {what:12} {name:10} {rows / wall / 1e6:6.2f} million rows/s, {rows / cpu / 1e6:6.2f} per second of"
                f" CPU  ({note}, {written / 1e6:.0f} MB)")
        others = [(value[0], name) for name, value in best.items() if name != "tradewind"]
        if others:
            wall, name = min(others)
            print(f"  {what:12} ratio to {name}, the fastest other: {wall / best['tradewind'][0]:.2f}")


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


def recording(program, folder, records=8_000_000):
    runs = []
    for number in range(3):
        target = os.path.join(folder, f"recordings-{number}")
        runs.append(ours(program, "record", target, str(records)))
        shutil.rmtree(target)
    wall, cpu = (min(run[name] for run in runs) for name in ("seconds", "cpu_seconds"))
    print(f"recorder fed from memory: {records / wall / 1e6:.1f} million records/s, "
        f"{records / cpu / 1e6:.1f} per second of CPU  (continuity, checksums and writing, one thread)")


def main():
    program = sys.argv[1]
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
    with tempfile.TemporaryDirectory(prefix="tradewind-ticks-") as folder:
        source = os.path.join(folder, "quotes.csv")
        make_quotes(source, rows)
        imports(program, folder, source, rows)
        replay(program, folder, source)
        recording(program, folder)


if __name__ == "__main__":
    main()
