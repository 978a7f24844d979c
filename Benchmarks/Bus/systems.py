"""The brokers under test, and one run of the C harness on a fresh broker while the machine is watched."""

import json
import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time

CORES = os.cpu_count()
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# A run is tried again when other programs or the host took more than this of all cores.
OTHERS_MAX, STEAL_MAX = 0.05, 0.02
ATTEMPTS = 3


class System:
    """A broker program: its name in the tables, the client that speaks to it, and its command."""

    def __init__(self, name, client, command, harness_options=()):
        self.name, self.client, self.command, self.harness_options = name, client, command, harness_options


def systems(tradewind, build):
    """Those that this machine has, in the order of the tables."""
    serve = [tradewind, "bus", "serve", "--socket", "SOCKET"]
    found = [
        System("tradewind", "frames", serve, ("--lossless",)),
        System("tradewind, may drop", "frames", serve),
        System("reference", "frames", [os.path.join(build, "reference_broker"), "SOCKET"]),
    ]
    redis = shutil.which("redis-server")
    if redis:
        found.append(System("redis", "redis", [
            redis, "--port", "0", "--unixsocket", "SOCKET", "--dir", "DIRECTORY", "--save", "", "--appendonly", "no",
            "--client-output-buffer-limit", "pubsub 0 0 0"]))
    return found


class Broker:
    """A broker process for one run, on a socket in a directory of its own."""

    def __init__(self, system):
        self.directory = tempfile.mkdtemp(prefix="tradewind-bench.")
        self.socket = os.path.join(self.directory, "bus", "bus.sock")
        os.mkdir(os.path.dirname(self.socket), 0o700)
        places = {"SOCKET": self.socket, "DIRECTORY": self.directory}
        self.errors = open(os.path.join(self.directory, "errors"), "w+")
        self.process = subprocess.Popen(
            [places.get(word, word) for word in system.command], stdout=subprocess.DEVNULL, stderr=self.errors)

    def __enter__(self):
        try:
            self.wait_until_listening()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait_until_listening(self):
        deadline = time.monotonic() + 10
        while True:
            if self.process.poll() is not None:
                self.errors.seek(0)
                raise SystemExit(f"{self.process.args[0]} ended at once: {self.errors.read().strip()}")
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(self.socket)
                    return
                except OSError:
                    if time.monotonic() > deadline:
                        raise SystemExit(f"{self.process.args[0]} does not listen after 10 s")
            time.sleep(0.005)


def machine_seconds():
    """CPU seconds used by all programs, and taken by the host, since the start of the machine."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND, steal / TICKS_PER_SECOND


def own_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class Patience:
    """Waits for a quiet machine, so long in all; on one that stays busy the tables say how busy it was."""

    def __init__(self, seconds):
        self.seconds = seconds

    def wait(self):
        """Until other programs use under 6 % of the machine for two tenths of a second."""
        begin, quiet = time.monotonic(), 0
        while quiet < 2 and time.monotonic() - begin < min(self.seconds, 20):
            before = sum(machine_seconds())
            time.sleep(0.1)
            used = sum(machine_seconds()) - before
            quiet = quiet + 1 if used <= 0.06 * 0.1 * CORES + 1 / TICKS_PER_SECOND else 0
        self.seconds -= time.monotonic() - begin


def run_once(system, build, options):
    """One run on a fresh broker: what the harness printed, and who else used the machine meanwhile."""
    with Broker(system) as broker:
        begin, own, (busy, steal) = time.monotonic(), own_seconds(), machine_seconds()
        harness = subprocess.run(
            [os.path.join(build, "bus_harness"), "--client", system.client, "--socket", broker.socket,
             "--broker", str(broker.process.pid), *map(str, options)],
            capture_output=True, text=True, timeout=120)
    wall = (time.monotonic() - begin) * CORES
    used, stolen = machine_seconds()
    if harness.returncode != 0:
        raise SystemExit(f"{system.name} {' '.join(map(str, options))}: {harness.stderr.strip()}")
    result = json.loads(harness.stdout)
    result["others"] = round(max(0, used - busy - (own_seconds() - own)) / wall, 4)
    result["steal"] = round((stolen - steal) / wall, 4)
    return result


def run(system, build, options, patience):
    """The quietest of a few runs; one is enough when it was quiet or the patience is over."""
    results = []
    for _ in range(ATTEMPTS):
        patience.wait()
        results.append(run_once(system, build, options))
        is_quiet = results[-1]["others"] <= OTHERS_MAX and results[-1]["steal"] <= STEAL_MAX
        if is_quiet or patience.seconds <= 0:
            break
    return min(results, key=lambda result: result["others"] + result["steal"])
