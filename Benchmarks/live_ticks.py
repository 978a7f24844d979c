"""Market data as it comes: CSV lines a second through a socket feed into the bus, and what the recorder keeps of it.

Row 1, socket feed: a home with one socket feed that is not recorded; a sender writes lines made beforehand as fast as they
are taken, and the broker's counters say what arrived (once a second, so that the second figure is low). Row 2, recorder: a file
feed of sixteen times as many records, as fast as possible in the lossless class, once without a reader and once with the
recorder, which the feed then waits for. Standard library only.

    python3 Benchmarks/live_ticks.py TRADEWIND [LINES]
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


class Home:
    """A home in a temporary directory with a running manager."""

    def __init__(self, tradewind, setup):
        self.tradewind = tradewind
        self.directory = tempfile.mkdtemp(prefix="tradewind-bench.")
        self.path = os.path.join(self.directory, "h")
        self.environment = dict(os.environ, TRADEWIND_HOME=self.path)
        self.run("init")
        for arguments in setup(self.directory):
            self.run(*arguments)
        self.log = open(os.path.join(self.directory, "log"), "w")
        self.manager = None

    def start(self):
        self.manager = subprocess.Popen(
            [self.tradewind, "run"], env=self.environment, stdout=self.log, stderr=self.log)

    def run(self, *arguments):
        done = subprocess.run(
            [self.tradewind, *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return done.stdout

    def status(self):
        return json.loads(self.run("status", "--json"))

    def records_in(self):
        bus = self.status().get("bus")
        return bus["records_in"] if bus else 0

    def memory(self, name):
        for service in self.status()["services"]:
            if service["name"] == name and service.get("resident_bytes"):
                return service["resident_bytes"] / 2**20
        return float("nan")

    def cpu_seconds(self, name):
        """User and system time of a service; not a number where there is no /proc."""
        for service in self.status()["services"]:
            path = f"/proc/{service.get('pid')}/stat" if service["name"] == name else ""
            if os.path.exists(path):
                fields = open(path).read().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return float("nan")

    def close(self):
        if self.manager:
            self.manager.send_signal(signal.SIGTERM)
            self.manager.wait(30)
        shutil.rmtree(self.directory)


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


def socket_feed(tradewind, lines):
    """Lines a second from a sender's first byte to the last record's arrival at the broker."""
    home = Home(tradewind, lambda directory: [
        ["feeds", "add", "desk", "--kind", "socket", "--set", f"address=unix:{directory}/in.sock", "--set",
         "symbols=BTCUSDT", "--set", "preset=trades", "--record", "off"]])
    home.start()
    path = os.path.join(home.directory, "in.sock")
    wait(lambda: os.path.exists(path), 20, "the socket")
    block_lines = 10_000
    block = b"".join(
        b"%d,BTCUSDT,%d.%02d,0.%03d,%s\n"
        % (1_700_000_000_000 + number, 37_000 + number % 50, number % 100, number % 999 + 1,
           b"buy" if number % 2 else b"sell")
        for number in range(block_lines))
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    peer.sendall(b"timestamp,symbol,price,quantity,side\n")
    begin = time.perf_counter()
    for _ in range(lines // block_lines):
        peer.sendall(block)
    sent = time.perf_counter()
    # The broker counts a status record when the sender connects, and heartbeats.
    wait(lambda: home.records_in() >= lines, 120, "the last record")
    end = time.perf_counter()
    memory = home.memory("desk")
    peer.close()
    home.close()
    print(f"socket feed, CSV lines     {lines / (sent - begin) / 1e6:6.2f} million/s taken from the sender, "
          f"{lines / (end - begin) / 1e6:.2f} until all are on the bus; feed {memory:.0f} MiB")


def bus_rate(home, records):
    """Records a second by the broker's own counts. They come once a second, so the rate is that between the first and the last but
    one: the last may be up to a second behind its records."""
    counts = []

    def look():
        count = home.records_in()
        if count and (not counts or count != counts[-1][1]):
            counts.append((time.perf_counter(), count))
        return count >= records

    wait(look, 240, "the last record")
    if len(counts) < 4:
        raise SystemExit(f"{len(counts)} counts of the broker are too few for a rate; give more LINES")
    (begin, first), (end, last) = counts[0], counts[-2]
    return (last - first) / (end - begin)


def recorder(tradewind, records):
    """Records a second through the bus in the lossless class, without and with the recorder, and what it kept of them."""
    rates = {}
    for recorded in ("off", "on"):

        def setup(directory):
            path = os.path.join(directory, "in.ticks")
            subprocess.run(
                [tradewind, "ticks", "synth", "-o", path, "--symbol", "ALPHA", "--rate", "1000", "--seconds",
                 str(records // 1000), "--seed", "1"], check=True, capture_output=True)
            return [["feeds", "add", "replay", "--kind", "file", "--set", f"path={path}", "--set",
                     "lossless=true", "--record", recorded]]

        home = Home(tradewind, setup)
        home.start()
        rates[recorded] = bus_rate(home, records)
        if recorded == "on":
            # The feed waits for the recorder, whose queue is all that may be left.
            kept = [0, -1]
            while kept[0] != kept[1]:
                time.sleep(1)
                kept = [sum(row["records"] for row in json.loads(home.run("ticks", "list", "--json"))), kept[0]]
            cpu = home.cpu_seconds("recorder") / records * 1e9
            print(f"recorder                   {rates['on'] / 1e6:6.2f} million/s through the bus into the file, "
                  f"{rates['off'] / 1e6:.2f} without it; {kept[0]:,} of {records:,} and their end kept; "
                  f"{cpu:.0f} ns of its CPU for a record")
        home.close()


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    tradewind = os.path.abspath(sys.argv[1])
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000
    socket_feed(tradewind, lines)
    # Enough for the broker's counts, and more than the recorder's queue holds.
    recorder(tradewind, 16 * lines)


if __name__ == "__main__":
    main()
