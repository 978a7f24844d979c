"""Throughput, latency, memory and CPU of the bus, beside a C broker of the same design and beside Redis.

One publisher process, one broker process and N subscriber processes pass 64-byte records over a Unix socket. The C
programs of this folder are the clients of every broker: the publisher fills buffers of 64 KiB, or, at a given pace,
sends what is due at once. Each run has a fresh broker and begins with a warm-up; it waits for a quiet machine, and is
tried again when other programs used much of it. Systems take turns; the tables show medians over the repetitions.

    tradewind            records sent as lossless: the feed waits for the slowest subscriber
    tradewind, may drop  records sent as market data: a subscriber that falls behind loses the oldest
    reference            a C broker of the same design and protocol that does nothing else, lossless
    redis                redis-server, no persistence, no limit on what waits for a subscriber

Standard library only; Linux.

    python3 Benchmarks/Bus/bus_bench.py TRADEWIND BUILD [--quick] [--json FILE] [--part PART]... [--repetitions R]

BUILD is the directory of the C programs (make -C Benchmarks/Bus BUILD=...). With --json, FILE gets every run; runs
that it holds already count too, so that a long measurement can be done in pieces.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time

import report
import systems

FANS = (1, 4, 16, 64)
RATES = (10_000, 50_000)
# (topics, topics of each subscriber, subscribers)
THROUGHPUT_CASES = [(1, 1, n) for n in FANS] + [(100, 100, n) for n in FANS] + [(100, 10, 16)]
# How far the publisher may be ahead of the slowest running subscriber where one is stopped: far under the bound at
# which a broker drops, so that only the stopped one loses.
STOPPED_WINDOW = 32_768
PARTS = ("throughput", "paced", "stopped", "idle", "calls")


class Bench:
    """Runs the parts and collects the runs."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.build = arguments.build
        self.systems = systems.systems(os.path.abspath(arguments.tradewind), self.build)
        self.seconds = 0.2 if arguments.quick else 0.6
        self.patience = systems.Patience(seconds=20 if arguments.quick else 180)
        self.runs = []
        if arguments.json and os.path.exists(arguments.json):
            with open(arguments.json) as file:
                self.runs = json.load(file)["runs"]

    def system(self, name):
        return next((system for system in self.systems if system.name == name), None)

    def measure(self, system, key, options):
        result = systems.run(system, self.build, options, self.patience)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.runs.append({"system": system.name, **key, **result, "at": at})
        self.save()
        if sys.stderr.isatty():
            print(f"\r{len(self.runs):4} {key['part']} {system.name:20}", end="", file=sys.stderr, flush=True)

    def save(self):
        if not self.arguments.json:
            return
        temporary = self.arguments.json + ".new"
        with open(temporary, "w") as file:
            json.dump({"machine": machine(), "runs": self.runs}, file, indent=1)
            file.write("\n")
        os.replace(temporary, self.arguments.json)

    def message_count(self, system, key, options, seconds):
        """So many that a run takes about the time wanted: from an earlier run, or found by two short ones."""
        for run in reversed(self.runs):
            if run["system"] == system.name and all(run.get(name) == value for name, value in key.items()):
                return run["messages"]
        messages = 20_000
        for _ in range(2):
            result = systems.run_once(system, self.build, [*options, "--messages", messages])
            pace = result["messages"] / max(result["elapsed_s"], 1e-3)
            messages = max(20_000, int(pace * seconds) // 100 * 100)
        return messages

    # ---- the parts

    def throughput(self):
        for topics, each, subscribers in THROUGHPUT_CASES:
            key = {"part": "throughput", "topics": topics, "topics_each": each, "subscribers": subscribers}
            options = ["--topics", topics, "--topics-each", each, "--subscribers", subscribers]
            for system in self.systems:
                chosen = [*options, *system.harness_options]
                messages = self.message_count(system, key, chosen, self.seconds)
                self.measure(system, key, [*chosen, "--messages", messages])

    def paced(self):
        for rate in RATES:
            for subscribers in FANS:
                key = {"part": "paced", "rate": rate, "subscribers": subscribers}
                options = ["--subscribers", subscribers, "--rate", rate, "--seconds", 2.5 * self.seconds]
                for name in ("tradewind, may drop", "reference", "redis"):
                    if system := self.system(name):
                        self.measure(system, key, options)

    def stopped(self):
        for name in ("tradewind, may drop", "redis"):
            system = self.system(name)
            if system is None:
                continue
            messages = None
            for state, subscribers, options in (
                    ("16 running", 16, []), ("15 alone", 15, []), ("1 of 16 stopped", 16, ["--stop-one"])):
                key = {"part": "stopped", "state": state}
                options = ["--subscribers", subscribers, "--window", STOPPED_WINDOW, *options]
                messages = messages or self.message_count(system, key, options, 2 * self.seconds)
                self.measure(system, key, [*options, "--messages", messages])

    def idle(self):
        for system in self.systems:
            if system.name != "tradewind, may drop":
                self.measure(system, {"part": "idle", "subscribers": 64},
                             ["--subscribers", 64, "--idle", 1 if self.arguments.quick else 5])

    def calls(self):
        """Counted apart from the other parts, because counting system calls slows them down a little."""
        loads = [("full speed", 0)] + [(f"{rate:,}/s", rate) for rate in RATES]
        for load, rate in loads:
            for system in self.systems:
                if system.name == "tradewind" and rate or system.name == "tradewind, may drop" and not rate:
                    continue
                key = {"part": "calls", "load": load, "subscribers": 16}
                options = ["--subscribers", 16, "--count-system-calls"]
                if rate:
                    options += ["--rate", rate, "--seconds", 2.5 * self.seconds]
                else:
                    options += system.harness_options
                    options += ["--messages", self.message_count(system, key, options, self.seconds)]
                self.measure(system, key, options)


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count(),
            "kernel": f"{platform.system()} {platform.release()}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tradewind")
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="one short run of each case")
    parser.add_argument("--json", metavar="FILE", help="file for every run; its runs so far are kept")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be repeated")
    parser.add_argument("--repetitions", type=int, help="runs of each case (5, quick: 1; 0: print FILE only)")
    arguments = parser.parse_args()
    for program in (arguments.tradewind, os.path.join(arguments.build, "bus_harness")):
        if arguments.repetitions != 0 and not os.access(program, os.X_OK):
            raise SystemExit(f"{program} is no program; scripts/bench bus builds it")
    # Ended from outside, the brokers still go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(arguments)
    repetitions = arguments.repetitions
    if repetitions is None:
        repetitions = 1 if arguments.quick else 5
    for _ in range(repetitions):
        for part in arguments.part or PARTS:
            getattr(bench, part)()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    report.print_tables(machine(), bench.runs)


if __name__ == "__main__":
    main()
