"""How fast supervision is: starts, crashes, adoption, and what a thousand idle strategies cost.

Runs a manager in a temporary home and looks at the database and at /proc from outside. Standard library only; Linux.

    python3 Benchmarks/supervision.py TRADEWIND [--crashes N] [--adopted N] [--idle N]
"""

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Engine:
    def __init__(self, tradewind):
        self.tradewind = os.path.abspath(tradewind)
        self.home = os.path.join(tempfile.mkdtemp(prefix="tradewind-bench."), "engine")
        self.environment = dict(os.environ, TRADEWIND_HOME=self.home)
        self.manager = None
        self.log = None
        self.run("init")
        self.run("feeds", "add", "live", "--kind", "synthetic", "--set", "symbols=ALPHA", "--set", "rate=20")
        self.database = sqlite3.connect(self.home + "/engine.db", timeout=10, isolation_level=None)
        self.database.execute("PRAGMA wal_autocheckpoint = 0")

    def run(self, *arguments):
        subprocess.run([self.tradewind, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def add(self, names, policy="{}"):
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany(
            "INSERT INTO strategy_configs(name, class_name, config_json, restart_policy_json) VALUES (?, "
            "'moving_average_crossover', '{\"instruments\": [\"ALPHA\"]}', ?)", [(name, policy) for name in names])
        self.database.execute("COMMIT")

    def start(self):
        path = self.home + "/manager.out"
        self.log = open(path, "w+b", buffering=0)
        self.manager = subprocess.Popen([self.tradewind, "run"], env=self.environment, stdout=self.log, stderr=self.log)
        return path

    def one(self, query, *values):
        return self.database.execute(query, values).fetchone()[0]

    def wait(self, query, expected, seconds, step=0.01):
        deadline = time.monotonic() + seconds
        while self.one(query) != expected:
            if time.monotonic() > deadline:
                raise SystemExit(f"waited {seconds} s in vain for {expected!r}: {query}")
            time.sleep(step)

    def command(self, name, command):
        begin = time.perf_counter()
        row = self.database.execute(
            "INSERT INTO strategy_commands(strategy_id, command) VALUES (?, ?)", (name, command)).lastrowid
        while self.one("SELECT status FROM strategy_commands WHERE seq = ?", row) in ("pending", "accepted"):
            if time.perf_counter() - begin > 20:
                raise SystemExit(f"{command} of {name} does not end")
            time.sleep(0.0002)
        return (time.perf_counter() - begin) * 1e3

    def stop(self):
        self.manager.send_signal(signal.SIGTERM)
        self.manager.wait(120)

    def close(self):
        if self.manager is not None and self.manager.poll() is None:
            self.stop()
        self.database.close()
        shutil.rmtree(os.path.dirname(self.home), ignore_errors=True)


RUNNING = "SELECT count(*) FROM strategy_configs WHERE status = 'running'"


def starts_and_crashes(tradewind, crashes):
    backoff = 50.0
    engine = Engine(tradewind)
    try:
        engine.add(["quick", "other"], '{"backoff_initial": "50ms", "backoff_max": "50ms", "jitter": 0, '
                   '"unstable_exits_max": 100, "unstable_window": "1s"}')
        engine.start()
        engine.wait(RUNNING, 2, 30)
        time.sleep(1)
        starts = []
        for _ in range(30):
            engine.command("quick", "stop")
            starts.append(engine.command("quick", "start"))
        print(f"start command to running, 30 times: p50 {percentile(starts, .5):.1f} ms, p99 {percentile(starts, .99):.1f} ms")
        other = engine.one("SELECT pid FROM strategies WHERE name = 'other'")
        times = []
        for _ in range(crashes):
            # The budget forgets after a second; the pace keeps below it.
            pid, epoch = engine.database.execute("SELECT pid, epoch FROM strategies WHERE name = 'quick'").fetchone()
            begin = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            query = ("SELECT count(*) FROM strategy_instances i JOIN strategy_configs c ON c.id = i.strategy_id "
                     f"WHERE c.name = 'quick' AND i.epoch > {epoch} AND i.ready_at IS NOT NULL")
            while engine.one(query) == 0:
                if time.perf_counter() - begin > 20:
                    raise SystemExit("the strategy does not come back")
                time.sleep(0.0005)
            times.append((time.perf_counter() - begin) * 1e3 - backoff)
            time.sleep(0.05)
        print(f"kill -9 to running again, without its backoff of {backoff:.0f} ms, {crashes} times: "
              f"p50 {percentile(times, .5):.1f} ms, p99 {percentile(times, .99):.1f} ms, max {max(times):.1f} ms")
        if engine.one("SELECT pid FROM strategies WHERE name = 'other'") != other:
            raise SystemExit("the sibling was restarted")
    finally:
        engine.close()


def adoption(tradewind, count):
    engine = Engine(tradewind)
    try:
        engine.add([f"s{index}" for index in range(count)])
        engine.start()
        begin = time.perf_counter()
        engine.wait(RUNNING, count, 120)
        print(f"first start of {count} strategies: {time.perf_counter() - begin:.1f} s")
        time.sleep(2)
        query = "SELECT group_concat(pid || '/' || epoch) FROM (SELECT pid, epoch FROM strategies ORDER BY name)"
        before = engine.one(query)
        engine.manager.kill()
        engine.manager.wait()
        time.sleep(1)
        begin = time.perf_counter()
        path = engine.start()
        deadline = begin + 30
        while True:
            with open(path, "rb") as log:
                text = log.read()
            if text.count(b": adopted\n") >= count + 2:
                break
            if time.perf_counter() > deadline:
                raise SystemExit("not all were adopted:\n" + text.decode()[-2000:])
            time.sleep(0.001)
        seconds = time.perf_counter() - begin
        command = engine.command("s0", "pause")
        same = engine.one(query) == before
        print(f"adoption of bus, feed and {count} strategies after kill -9, from the start of the program: "
              f"{seconds * 1e3:.0f} ms; the same processes: {'yes' if same else 'NO'}; first command {command:.1f} ms")
        if not same:
            raise SystemExit(1)
    finally:
        engine.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def proportional_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))


def idle(tradewind, count):
    engine = Engine(tradewind)
    try:
        engine.add([f"s{index}" for index in range(count)])
        engine.start()
        begin = time.perf_counter()
        engine.wait(RUNNING, count, 300, step=0.1)
        print(f"first start of {count} strategies: {time.perf_counter() - begin:.1f} s")
        engine.database.execute("UPDATE feeds SET enabled = 0")
        time.sleep(15)
        bus = engine.one("SELECT pid FROM process_metrics WHERE role = 'bus' ORDER BY id DESC LIMIT 1")
        pids = {"manager": engine.manager.pid, "bus": bus}
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        executors = [row[0] for row in engine.database.execute("SELECT pid FROM strategies")]
        before_executors = sum(cpu_seconds(pid) for pid in executors)
        begin = time.perf_counter()
        time.sleep(20)
        elapsed = time.perf_counter() - begin
        shares = {name: (cpu_seconds(pid) - before[name]) / elapsed * 100 for name, pid in pids.items()}
        rest = (sum(cpu_seconds(pid) for pid in executors) - before_executors) / elapsed * 100
        memory = sorted(proportional_bytes(pid) for pid in executors[:50])[25] / 1e6
        print(f"{count} idle strategies, share of a core over {elapsed:.0f} s: manager {shares['manager']:.1f} %, "
              f"bus {shares['bus']:.1f} %, together {sum(shares.values()):.1f} %; all executors {rest:.1f} %; "
              f"memory of one (PSS) {memory:.1f} MB")
    finally:
        engine.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tradewind")
    parser.add_argument("--crashes", type=int, default=50)
    parser.add_argument("--adopted", type=int, default=100)
    parser.add_argument("--idle", type=int, default=1000)
    arguments = parser.parse_args()
    if arguments.crashes:
        starts_and_crashes(arguments.tradewind, arguments.crashes)
    if arguments.adopted:
        adoption(arguments.tradewind, arguments.adopted)
    if arguments.idle:
        idle(arguments.tradewind, arguments.idle)


if __name__ == "__main__":
    main()
