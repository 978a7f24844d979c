"""How long a command takes, seen from another process: from the return of its commit to the row marked executed.

Starts a manager with three strategies on live synthetic ticks in a temporary home, then pauses and resumes one of them,
commits with synchronous=FULL, and looks at the row every tenth of a millisecond. Standard library only.

    python3 Benchmarks/command_latency.py TRADEWIND [COUNT]
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def wait_for(connection, query, expected, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        row = connection.execute(query).fetchone()
        if row and row[0] == expected:
            return
        time.sleep(0.01)
    raise SystemExit(f"waited {seconds} s in vain for {expected!r}: {query}")


def measure(connection, command):
    """Milliseconds from the commit's return to the end of the command, and of the commit itself."""
    begin = time.perf_counter()
    cursor = connection.execute(
        "INSERT INTO strategy_commands(strategy_id, command) VALUES ('quick', ?)", (command,))
    committed = time.perf_counter()
    query = "SELECT status, error FROM strategy_commands WHERE seq = ?"
    while True:
        status, error = connection.execute(query, (cursor.lastrowid,)).fetchone()
        now = time.perf_counter()
        if status not in ("pending", "accepted"):
            break
        if now - committed > 10:
            raise SystemExit(f"{command} is {status} after 10 s")
        # A spinning reader would take a whole core from the processes it measures.
        time.sleep(0.00005)
    if status != "executed":
        raise SystemExit(f"{command} {status}: {error}")
    return (now - committed) * 1e3, (committed - begin) * 1e3


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    tradewind, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    home = os.path.join(tempfile.mkdtemp(prefix="tradewind-bench."), "engine")
    environment = dict(os.environ, TRADEWIND_HOME=home)

    def run(*arguments):
        subprocess.run([tradewind, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)

    manager = None
    try:
        run("init")
        run("feeds", "add", "live", "--kind", "synthetic", "--set", "symbols=ALPHA", "--set", "rate=100")
        for name in ("quick", "second", "third"):
            run("strategies", "add", name, "--class", "moving_average_crossover", "--instrument", "ALPHA")
        manager = subprocess.Popen(
            [tradewind, "run"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        connection = sqlite3.connect(home + "/engine.db", timeout=5, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for name in ("quick", "second", "third"):
            wait_for(connection, f"SELECT status FROM strategy_configs WHERE name = '{name}'", "running", 20)
        time.sleep(1)
        effects, commits = [], []
        for index in range(count):
            effect, commit = measure(connection, "resume" if index % 2 else "pause")
            effects.append(effect)
            commits.append(commit)
            # Not in step with anything the manager does periodically.
            time.sleep(0.02 + (index * 7 % 13) / 1000)
        starts = []
        for _ in range(20):
            measure(connection, "stop")
            starts.append(measure(connection, "start")[0])
        print(f"{count} pause and resume commands, milliseconds")
        for name, values in (("commit returned to executed", effects), ("the commit itself", commits)):
            print(
                f"  {name:30} p50 {percentile(values, 0.5):6.2f}  p90 {percentile(values, 0.9):6.2f}"
                f"  p99 {percentile(values, 0.99):6.2f}  max {max(values):6.2f}")
        print(
            f"20 start commands to running       p50 {percentile(starts, 0.5):6.2f}  p90 {percentile(starts, 0.9):6.2f}"
            f"  max {max(starts):6.2f}")
    finally:
        if manager is not None:
            manager.send_signal(signal.SIGTERM)
            manager.wait(30)
        shutil.rmtree(os.path.dirname(home), ignore_errors=True)


if __name__ == "__main__":
    main()
