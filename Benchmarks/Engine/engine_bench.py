"""Measures backtests of a moving-average crossover (10/50): rate beside a bare C loop over the same file in the same run,
allocations, resident memory by file size, and, with --peers, other engines on the same records.

Usage: engine_bench.py TRADEWIND [--peers] [--records N] [--real TARDIS_CSV...]
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SETTINGS = ["--set", "fast=10", "--set", "slow=50", "--trades", "0"]


def compile_c(directory):
    loop, counter = os.path.join(directory, "record_loop"), os.path.join(directory, "count.so")
    compiler = os.environ.get("CC") or "cc"
    subprocess.run([compiler, "-O2", "-o", loop, f"{HERE}/record_loop.c"], check=True)
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", counter, f"{HERE}/count_allocations.c", "-ldl"], check=True)
    return loop, counter


def synthesize(tradewind, directory, records):
    path = os.path.join(directory, f"{records}.ticks")
    subprocess.run([tradewind, "ticks", "synth", "-o", path, "--symbol", "ALPHA", "--rate", "1000", "--seconds",
                    str(records // 1000), "--seed", "1"], check=True, stdout=subprocess.DEVNULL)
    return path


def repeat_real(tradewind, directory, files, records):
    """Imports recordings in the layout of Tardis, the same minutes over and over with later times until there are enough."""
    rows = []
    for name in files:
        with open(name, newline="") as file:
            rows.append(list(csv.reader(file)))
    once = sum(len(table) - 1 for table in rows)
    span = max(int(row[3]) for table in rows for row in table[1:]) - min(int(row[2]) for table in rows for row in table[1:])
    parts = []
    for index, (name, table) in enumerate(zip(files, rows)):
        part = os.path.join(directory, f"real{index}")
        with open(part + ".csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table[0])
            for number in range(-(-records // once)):
                shift = number * (span + 1_000_000)
                writer.writerows(row[:2] + [int(row[2]) + shift, int(row[3]) + shift] + row[4:] for row in table[1:])
        preset = "tardis_trades" if "price" in table[0] else "tardis_quotes"
        subprocess.run([tradewind, "ticks", "import", "--preset", preset, "-o", part + ".ticks", part + ".csv"],
                       check=True, stdout=subprocess.DEVNULL)
        parts.append(part + ".ticks")
    path = os.path.join(directory, "real.ticks")
    subprocess.run([tradewind, "ticks", "merge", "-o", path] + parts, check=True, stdout=subprocess.DEVNULL)
    return path, once


def rates(tradewind, loop, path):
    """The best of six runs of the backtest and of the loop, alternating, so that both see the same machine; the first of each
    warms the page cache. Seconds a record, the records, and the orders."""
    best_engine, best_loop, records, orders = 1e9, 1e9, 0, 0
    for _ in range(6):
        records, seconds, orders, _ = backtest(tradewind, path)
        best_engine = min(best_engine, seconds / records)
        count, nanoseconds, _ = subprocess.run([loop, path, "1"], check=True, capture_output=True,
                                               text=True).stdout.split()
        best_loop = min(best_loop, int(nanoseconds) / 1e9 / int(count))
    return best_engine, best_loop, records, orders


def tell(title, best_engine, best_loop, records, orders):
    print(f"{title:<19}{records:,} quotes and trades, {orders:,} orders")
    print(f"  backtest         {1e-6 / best_engine:.1f} million records/s ({best_engine * 1e9:.1f} ns), best of 6")
    print(f"  bare C loop      {1e-6 / best_loop:.1f} million records/s ({best_loop * 1e9:.1f} ns), same runs")
    print(f"  ratio            {best_loop / best_engine:.2f} of the C loop")


def backtest(tradewind, path, environment=None):
    """Records, seconds, orders and the largest resident memory (KiB) of one run."""
    process = subprocess.Popen([tradewind, "backtest", "moving_average_crossover", "--data", path] + SETTINGS,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"the backtest failed: {err}")
    words = [line for line in err.splitlines() if "million/s" in line][-1].split()
    orders = next(line.split()[1] for line in out.splitlines() if line.startswith("orders "))
    return int(words[0]), float(words[words.index("s,") - 1]), int(orders), usage.ru_maxrss


def allocations(tradewind, counter, path, directory):
    target = os.path.join(directory, "count")
    records, _, orders, _ = backtest(tradewind, path, dict(os.environ, LD_PRELOAD=counter, COUNT_FILE=target))
    return records, orders, int(open(target).read())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tradewind")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--real", nargs="+", metavar="CSV", help="quotes and trades of one instrument as Tardis has them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tradewind-bench") as directory:
        loop, counter = compile_c(directory)
        path = synthesize(options.tradewind, directory, options.records)
        best_engine, best_loop, records, orders = rates(options.tradewind, loop, path)
        tell("generated ticks", best_engine, best_loop, records, orders)
        if options.real:
            real, once = repeat_real(options.tradewind, directory, options.real, options.records // 2)
            tell("real ticks", *rates(options.tradewind, loop, real))
            print(f"  {once:,} recorded ones, over and over")
        small = synthesize(options.tradewind, directory, options.records // 5)
        few, many = (allocations(options.tradewind, counter, p, directory) for p in (small, path))
        per_order = (many[2] - few[2]) / max(1, many[1] - few[1])
        print(f"allocations        {many[2] - few[2]:,} more for {many[0] - few[0]:,} more records and "
              f"{many[1] - few[1]:,} more orders: {(many[2] - few[2]) / (many[0] - few[0]):.4f} a record, "
              f"{per_order:.2f} an order")
        sizes = [(os.path.getsize(p) >> 20, backtest(options.tradewind, p)[3] / 1024) for p in (small, path)]
        print("resident memory    " + ", ".join(f"{rss:.1f} MiB for a file of {size} MiB" for size, rss in sizes))
        if options.peers:
            import peers
            peers.run(options.tradewind, path, directory, best_engine)


if __name__ == "__main__":
    main()
