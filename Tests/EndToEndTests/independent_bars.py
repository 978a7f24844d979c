"""Bars of `ticks bars` against a resampling written apart, from the CSV files that the tick files were imported from.

    python3 independent_bars.py TRADEWIND DIRECTORY SEED

Ends with 1 and the first difference when a bar, its time or its volume differs. Standard library only.
"""

import csv
import io
import json
import os
import random
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal

DAY = 86_400 * 10**9
UNIT = {"s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": DAY}


def e8(text):
    return int(Decimal(text).scaleb(8))


def make(directory, seed):
    """Trades and quotes of three symbols over days, in bursts and with pauses, some of them at whole minutes."""
    random.seed(seed)
    ticks = []
    time = 1_767_571_200_000_000_000 + random.randrange(3_600) * 10**9
    price = {"AAA": 100_00, "BBB": 37_000_00, "CCC": 7}
    for _ in range(12_000):
        step = random.random()
        if step < 0.3:
            pass
        elif step < 0.9:
            time += random.randrange(1, 8 * 10**9)
        elif step < 0.99:
            # To a boundary of every interval there is, or just before one.
            time += 60 * 10**9 - time % (60 * 10**9) - random.randrange(2)
        else:
            time += random.randrange(1, 1_800 * 10**9)
        symbol = random.choice(["AAA", "AAA", "BBB", "CCC"])
        price[symbol] = max(2, price[symbol] + random.randrange(-3, 4))
        # CCC has quotes only until the middle, then trades as well.
        is_quote = symbol == "CCC" and (len(ticks) < 6_000 or random.random() < 0.5)
        if is_quote:
            ticks.append((time, symbol, None, price[symbol], price[symbol] + random.randrange(1, 4)))
        else:
            ticks.append((time, symbol, random.randrange(1, 3_000), price[symbol], None))
    files = []
    for name, wanted in (("trades", False), ("quotes", True)):
        path = os.path.join(directory, name + ".csv")
        with open(path, "w") as out:
            out.write("ts,symbol,price,qty\n" if name == "trades" else "ts,symbol,bid,ask\n")
            for time, symbol, size, first, second in ticks:
                if (second is not None) != wanted:
                    continue
                cells = [str(time), symbol, f"{Decimal(first) / 100}"]
                cells.append(f"{Decimal(second) / 100}" if wanted else f"{Decimal(size) / 1000}")
                out.write(",".join(cells) + "\n")
        files.append((name, path))
    return files


def read(files):
    """(time, file's place, symbol, is trade, price, size) in the order in which the tick files are merged."""
    rows = []
    for place, (name, path) in enumerate(files):
        with open(path) as source:
            for row in csv.DictReader(source):
                if name == "trades":
                    rows.append((int(row["ts"]), place, row["symbol"], True, e8(row["price"]), e8(row["qty"])))
                else:
                    mid = (e8(row["bid"]) + e8(row["ask"])) // 2
                    rows.append((int(row["ts"]), place, row["symbol"], False, mid, 0))
    rows.sort(key=lambda row: (row[0], row[1]))
    return rows


def boundaries(time, interval, session):
    """Begin and end of the time bar that a moment is in."""
    if session is None:
        begin = time // interval * interval
        return begin, begin + interval
    start = (time - session) // DAY * DAY + session
    begin = start + (time - start) // interval * interval
    return begin, min(begin + interval, start + DAY)


def expected(rows, rule, amount, session=None):
    """All bars of each symbol but the last of those of time, whose end nobody has seen."""
    has_trades_from = {}
    for number, row in enumerate(rows):
        if row[3]:
            has_trades_from.setdefault(row[2], number)
    groups, bars, last_time = {}, [], rows[-1][0]

    def close(symbol, end=None):
        group = groups.pop(symbol)
        prices = [tick[1] for tick in group["ticks"]]
        time = group["end"] if rule == "time" else group["ticks"][-1][0]
        length = group["end"] - group["begin"] if rule == "time" else time - group["ticks"][0][0]
        bars.append((time, symbol, prices[0], max(prices), min(prices), prices[-1],
                     sum(tick[2] for tick in group["ticks"]), length))

    for number, (time, _, symbol, is_trade, price, size) in enumerate(rows):
        if not is_trade and number > has_trades_from.get(symbol, len(rows)):
            continue
        if has_trades_from.get(symbol) == number:
            # What quotes had built so far is forgotten, if time has not closed it already.
            if rule == "time" and symbol in groups and groups[symbol]["end"] <= time:
                close(symbol)
            groups.pop(symbol, None)
        if rule == "time":
            begin, end = boundaries(time, amount, session)
            if symbol in groups and groups[symbol]["begin"] != begin:
                close(symbol)
            group = groups.setdefault(symbol, {"ticks": [], "begin": begin, "end": end})
        else:
            group = groups.setdefault(symbol, {"ticks": []})
        group["ticks"].append((time, price, size))
        total = len(group["ticks"]) if rule == "ticks" else sum(tick[2] for tick in group["ticks"])
        if rule != "time" and total >= amount:
            close(symbol)
    for symbol in [symbol for symbol, group in groups.items() if group.get("end", last_time + 1) <= last_time]:
        close(symbol)
    return sorted(bars)


def nanoseconds(text):
    seconds, fraction = text.rstrip("Z").split(".")
    moment = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 10**9 + int(fraction)


def run(program, *arguments):
    done = subprocess.run([program, "ticks", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"ticks {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def printed(text):
    return sorted(
        (nanoseconds(row["time"]), row["symbol"], *(e8(row[name]) for name in ("open", "high", "low", "close", "volume")),
         int(row["duration_ns"]))
        for row in csv.DictReader(io.StringIO(text)))


def from_tick_file(program, path):
    bars, volume = [], {}
    for line in run(program, "cat", path, "--json").splitlines():
        record = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        if record["kind"] == "bar_volume":
            volume[record["symbol"]] = record
            continue
        size = volume.pop(record["symbol"])
        bars.append((nanoseconds(record["receive_time"]), record["symbol"],
                     *(e8(record[name]) for name in ("open", "high", "low", "close")), e8(size["volume"]),
                     int(size["duration_ns"])))
    return sorted(bars)


def compare(what, found, wanted):
    for one, other in zip(found, wanted):
        if one != other:
            sys.exit(f"{what}: {one} where {other} was expected")
    if len(found) != len(wanted) or not found:
        sys.exit(f"{what}: {len(found)} bars where {len(wanted)} were expected")


def main():
    program, directory, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    files = make(directory, seed)
    ticks = []
    for name, path in files:
        ticks.append(os.path.join(directory, name + ".ticks"))
        run(program, "import", path, "--preset", name, "-o", ticks[-1])
    rows = read(files)
    count = 0
    for every in ("1s", "7s", "1m", "5m", "1h", "5h", "1d"):
        interval = int(every[:-1]) * UNIT[every[-1]]
        for session in (None, "00:00", "14:30", "23:59:59"):
            options = ["--every", every] + (["--session", session] if session else [])
            clock = [int(part) for part in session.split(":")] if session else []
            start = sum(value * size for value, size in zip(clock, (3_600, 60, 1))) * 10**9 if session else None
            wanted = expected(rows, "time", interval, start)
            compare(" ".join(options), printed(run(program, "bars", *ticks, *options)), wanted)
            count += len(wanted)
    for amount in (1, 2, 100):
        wanted = expected(rows, "ticks", amount)
        compare(f"{amount} ticks", printed(run(program, "bars", *ticks, "--ticks", str(amount))), wanted)
        count += len(wanted)
    for amount in ("0.5", "40", "1000"):
        wanted = expected(rows, "volume", e8(amount))
        compare(f"volume {amount}", printed(run(program, "bars", *ticks, "--volume", amount)), wanted)
        count += len(wanted)
    # Records that a filter leaves out tell the time all the same, and so does the one behind the end.
    whole = expected(rows, "time", 10**9)
    for symbol in ("AAA", "BBB", "CCC"):
        found = printed(run(program, "bars", *ticks, "--every", "1s", "--symbol", symbol))
        compare(f"of {symbol} alone", found, [bar for bar in whole if bar[1] == symbol])
    end = whole[len(whole) // 2][0]
    text = datetime.fromtimestamp(end // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    compare(f"until {text}", printed(run(program, "bars", *ticks, "--every", "1s", "--to", text)),
            [bar for bar in whole if bar[0] <= end])
    out = os.path.join(directory, "bars.ticks")
    run(program, "bars", *ticks, "--every", "5m", "-o", out)
    run(program, "verify", out)
    compare("the tick file", from_tick_file(program, out), expected(rows, "time", 300 * 10**9))
    print(f"{count} bars of {len(rows)} ticks are equal")


if __name__ == "__main__":
    main()
