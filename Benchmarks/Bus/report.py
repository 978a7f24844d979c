"""Tables of medians from the runs of bus_bench.py."""

import statistics

NO_REDIS = "no redis-server on the PATH: its rows and the ratio to it are left out"


def table(title, heads, rows):
    """Markdown that is aligned as plain text too; the first column is left-aligned."""
    if not rows:
        return
    cells = [heads, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    print(f"\n{title}\n")
    for index, row in enumerate(cells):
        aligned = [cell.ljust(width) if column == 0 else cell.rjust(width)
                   for column, (cell, width) in enumerate(zip(row, widths))]
        print("| " + " | ".join(aligned) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 2 if column == 0 else width + 1) + ("" if column == 0 else ":")
                                 for column, width in enumerate(widths)) + "|")


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Cases:
    """The runs of one part, by system and case, and medians over them."""

    def __init__(self, runs, part, names):
        self.names = names
        self.groups = {}
        for run in runs:
            if run["part"] == part:
                case = tuple(run[name] for name in names)
                self.groups.setdefault(case, {}).setdefault(run["system"], []).append(run)

    def median(self, case, system, value):
        runs = self.groups.get(case, {}).get(system)
        return statistics.median(value(run) for run in runs) if runs else None

    def ratio(self, case, system, other, value):
        ours, theirs = self.median(case, system, value), self.median(case, other, value)
        return number(ours / theirs) if ours and theirs and system.startswith("tradewind") else ""

    def rows(self):
        return [(case, system) for case in self.groups for system in self.groups[case]]


def deliveries(run):
    return run["delivered"] / run["elapsed_s"]


def cpu(run):
    return run["broker_cpu_ns"] / max(1, run["delivered"])


def lost(run):
    return 100 * (1 - run["delivered"] / max(1, run["expected"]))


def peak(run):
    return run["broker_peak_kb"] / 1024


def percent(value):
    return "0" if value == 0 else f"{value:.1f} %" if value >= 0.1 else "< 0.1 %"


def beside(has_redis, cells):
    """The cells of the comparisons; the last one, with Redis, is left out where there is none."""
    return cells if has_redis else cells[:-1]


def throughput(runs, has_redis):
    cases = Cases(runs, "throughput", ("topics", "topics_each", "subscribers"))
    rows = []
    for case, system in cases.rows():
        topics, each, subscribers = case
        median = lambda value: cases.median(case, system, value)
        rows.append([
            system, str(topics) if each == topics else f"{each} of {topics}", str(subscribers),
            number(median(deliveries) / 1e6), number(median(cpu)), number(median(peak)), percent(median(lost)),
            percent(median(lambda run: 100 * run["announced"] / run["expected"])),
            *beside(has_redis, [cases.ratio(case, system, other, deliveries) for other in ("reference", "redis")])])
    table("Throughput: the publisher sends 64 KiB buffers as fast as they are taken", [
        "system", "topics", "subscribers", "million deliveries/s", "broker CPU, ns/delivery", "broker peak, MiB", "lost",
        "announced as lost", *beside(has_redis, ["/ reference", "/ redis"])], rows)


def paced(runs, has_redis):
    cases = Cases(runs, "paced", ("rate", "subscribers"))
    rows = []
    for case, system in cases.rows():
        rate, subscribers = case
        values = [number(cases.median(case, system, lambda run, name=name: run[name]))
                  for name in ("p50_us", "p99_us", "p999_us", "max_us", "late_p99_us")]
        rows.append([
            system, f"{rate:,}", str(subscribers), *values, number(cases.median(case, system, cpu)),
            percent(cases.median(case, system, lost)),
            *beside(has_redis, [cases.ratio(case, system, other, lambda run: run["p50_us"])
                                for other in ("reference", "redis")])])
    table("Latency from just before the send to the receiver, microseconds, at a given pace", [
        "system", "messages/s", "subscribers", "p50", "p99", "p99.9", "max", "publisher late p99",
        "broker CPU, ns/delivery", "lost", *beside(has_redis, ["p50 / reference", "p50 / redis"])], rows)


def stopped(runs):
    cases = Cases(runs, "stopped", ("state",))
    rows = []
    for case, system in cases.rows():
        median = lambda value: cases.median(case, system, value)
        pace = lambda run: deliveries(run) / run["running"]
        change = 100 * (median(pace) / cases.median(("16 running",), system, pace) - 1)
        sample = cases.groups[case][system]
        has_stopped = "stopped_received" in sample[0]
        complete = all(run["stopped_received"] + run["stopped_announced"] == run["messages"]
                       for run in sample) if has_stopped else None
        rows.append([
            system, case[0], number(median(pace) / 1e6), f"{change:+.1f} %",
            str(sum(run["expected"] - run["delivered"] for run in sample)),
            *[f"{median(lambda run: run[name]):,.0f}" if has_stopped else ""
              for name in ("messages", "stopped_received", "stopped_announced")],
            {True: "yes", False: "NO", None: ""}[complete], number(median(peak))])
    table("One of 16 subscribers stopped (SIGSTOP) under load, continued afterwards", [
        "system", "subscribers", "million/s each", "against 16 running", "lost by the running", "sent to the stopped",
        "it received", "announced as lost", "received + announced = sent", "broker peak, MiB"], rows)


def idle(runs):
    cases = Cases(runs, "idle", ("subscribers",))
    rows = [[system, str(case[0]),
             f"{cases.median(case, system, lambda run: run['broker_cpu_ns'] / run['sending_s'] / 1e7):.3f} %",
             number(cases.median(case, system, lambda run: run["wakeups"] / run["sending_s"])),
             number(cases.median(case, system, peak))] for case, system in cases.rows()]
    table("Idle broker", ["system", "subscribers", "CPU of a core", "wake-ups/s", "peak memory, MiB"], rows)


def calls(runs):
    cases = Cases(runs, "calls", ("load", "subscribers"))
    rows = []
    for case, system in cases.rows():
        per_message = lambda name: cases.median(case, system, lambda run: run[name] / run["messages"])
        counted = all("system_calls" in run for run in cases.groups[case][system])
        rows.append([
            system, case[0], str(case[1]), f"{per_message('wakeups'):.3f}", f"{per_message('preemptions'):.3f}",
            f"{per_message('system_calls'):.3f}" if counted else "not counted"])
    table("The broker's wake-ups (voluntary context switches) and system calls per message published", [
        "system", "load", "subscribers", "wake-ups", "preemptions", "system calls"], rows)
    if any(row[-1] == "not counted" for row in rows):
        print("\nSystem calls are counted with the tracepoint raw_syscalls:sys_enter, closed to this user here.")


def print_tables(machine, runs):
    """All tables for which there are runs, and how quiet the machine was meanwhile."""
    if not runs:
        raise SystemExit("no runs to show")
    has_redis = any(run["system"] == "redis" for run in runs)
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['kernel']}; {len(runs)} runs, medians")
    for name, meaning in (("others", "used by other programs"), ("steal", "taken by the host")):
        values = sorted(100 * run[name] for run in runs)
        print(f"CPU {meaning} during the runs: median {statistics.median(values):.1f} %, "
              f"90th percentile {values[len(values) * 9 // 10]:.1f} %, most {values[-1]:.1f} % of all cores")
    if not has_redis:
        print(NO_REDIS)
    throughput(runs, has_redis)
    paced(runs, has_redis)
    stopped(runs)
    idle(runs)
    calls(runs)
    disordered = sum(run["disordered"] for run in runs)
    if disordered:
        print(f"\nOUT OF ORDER: {disordered} records")
