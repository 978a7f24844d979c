"""Checks imports against a reader of its own: independent_reader.py TRADEWIND DIRECTORY [SEED].

Writes a file of every format (plain, with CRLF, compressed, in a zip archive, damaged, with a byte order mark, blank lines,
mixed line ends and the header once more, and with rows that come late), imports it with the program, reads the tick file's
bytes and the CSV file with nothing but the standard library, and compares counts, first and last records, sums of
sizes and extremes of prices, and every record's bytes. Prints each difference; the exit code says whether there was one.
"""
import csv
import gzip
import os
import random
import struct
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

E8 = Decimal(10) ** 8
UNDEFINED = 2**63 - 1
EPOCH = datetime(1970, 1, 1)
QUOTE, TRADE, BAR, VOLUME = 1, 2, 3, 4


class Bad(Exception):
    pass


class LeftOut(Exception):
    pass


def e8(text, scale=1, positive=False, minimum=None):
    try:
        value = Decimal(text) * scale * E8
    except InvalidOperation as error:
        raise Bad(text) from error
    if not value.is_finite() or value != value.to_integral_value() or abs(value) >= 2**63:
        raise Bad(text)
    if positive and value <= 0 or minimum is not None and value < minimum:
        raise Bad(text)
    return int(value)


def price(text):
    return e8(text, positive=True)


def size(text, scale=1):
    return e8(text, scale=scale, minimum=0)


def whole(text):
    if not text.lstrip("-").isdigit():
        raise Bad(text)
    return int(text)


def epoch(text):
    if not text.isdigit():
        raise Bad(text)
    return int(text) * {10: 10**9, 13: 10**6, 16: 10**3, 19: 1}[len(text)]


def calendar(text, form, zone_hours=0):
    """Text without its fraction in a form of strptime; the fraction, if any, is exact."""
    clock = text.rfind(":")
    body, fraction = text, ""
    if "." in text[clock + 1:] and clock >= 0:
        point = text.index(".", clock)
        body, fraction = text[:point], text[point + 1:]
    try:
        moment = datetime.strptime(body, form) - timedelta(hours=zone_hours)
    except ValueError as error:
        raise Bad(text) from error
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    return seconds * 10**9 + int((fraction + "0" * 9)[:9])


def iso(text):
    head, _, fraction = text.rstrip("Z").partition(".")
    return calendar(head, "%Y-%m-%dT%H:%M:%S") + int((fraction + "0" * 9)[:9])


def quote(time, bid, ask, bid_size=0, ask_size=0, received=None):
    if bid > ask:
        raise Bad("crossed")
    return [(time, received or time, QUOTE, bid, ask, bid_size, ask_size)]


def trade(time, value, amount, number=0, side=0, received=None):
    if amount == 0:
        raise Bad("zero")
    return [(time, received or time, TRADE, value, amount, number, side)]


def bar(close_time, duration, prices, volume, count=0, turnover=0):
    opened, high, low, closed = prices
    if not (low <= opened <= high and low <= closed <= high):
        raise Bad("outside")
    return [(close_time, close_time, VOLUME, volume, duration, count, turnover),
            (close_time, close_time, BAR, opened, high, low, closed)]


SIDES = {"buy": 1, "B": 1, "sell": 2, "A": 2, "N": 0, "unknown": 0}


def nano(text):
    if text == "" or text.isdigit() and int(text) == UNDEFINED:
        return None
    if "." in text:
        return price(text)
    return e8(text, scale=Decimal(10) ** -9, positive=True)


def dbn_time(text):
    return epoch(text) if text.isdigit() else iso(text)


def read_databento_top(r):
    time, received = dbn_time(r["ts_event"]), dbn_time(r["ts_recv"])
    value, amount = nano(r["price"]), whole(r["size"]) * 10**8
    records = []
    bid, ask = nano(r["bid_px_00"]), nano(r["ask_px_00"])
    if bid is not None and ask is not None:
        records += quote(time, bid, ask, size(r["bid_sz_00"]), size(r["ask_sz_00"]), received)
    if r["action"] == "T":
        records += trade(time, value, amount, 0, SIDES[r["side"]], received)
    if not records:
        raise LeftOut
    return records


def read_databento_trade(r):
    time, received, amount = dbn_time(r["ts_event"]), dbn_time(r["ts_recv"]), size(r["size"])
    if r["action"] != "T":
        raise LeftOut
    return trade(time, nano(r["price"]), amount, 0, SIDES[r["side"]], received)


def read_tardis_quote(r):
    if not r["bid_price"] or not r["ask_price"]:
        raise LeftOut
    return quote(epoch(r["timestamp"]), price(r["bid_price"]), price(r["ask_price"]), size(r["bid_amount"]),
                 size(r["ask_amount"]), epoch(r["local_timestamp"]))


def prices_of(r, names="open high low close"):
    return [price(r[name]) for name in names.split()]


MILLION = 10**6
DUKASCOPY = "%d.%m.%Y %H:%M:%S"
TRADE_COLUMNS = "id price qty quote_qty time is_buyer_maker"
KLINES = ("open_time open high low close volume close_time quote_volume count taker_buy_volume taker_buy_quote_volume"
          " ignore")


def read_kline(r):
    opened, closed = epoch(r["open_time"]), epoch(r["close_time"])
    unit = 10**6 if len(r["open_time"]) == 13 else 10**3
    return bar(closed, closed - opened + unit, prices_of(r), size(r["volume"]), whole(r["count"]), size(r["quote_volume"]))


def read_maker(r):
    return trade(epoch(r["time"]), price(r["price"]), size(r["qty"]), whole(r["id"]),
                 2 if r["is_buyer_maker"].lower() == "true" else 1)


# Name, preset, symbol option, columns, whether the file has them as a header, delimiter, reader, generator of a row.
def cases(rng):
    state = {"t": 1_700_000_000_000_000_000, "mid": 97_000, "id": 1000}

    def step(unit):
        state["t"] += rng.randrange(0, 3_000_000_000) // unit * unit
        state["mid"] += rng.randrange(-5, 6)
        state["id"] += 1

    def px(ticks, decimals=2):
        return str(Decimal(ticks).scaleb(-decimals))

    def moment(form, digits, hours=0):
        at = EPOCH + timedelta(microseconds=state["t"] // 1000) + timedelta(hours=hours)
        return at.strftime(form) + (f"{at.microsecond // 10 ** (6 - digits):0{digits}d}" if digits else "")

    def amount():
        return px(rng.randrange(1, 10**rng.randrange(1, 9)), rng.choice([0, 1, 3, 8]))

    def ohlc(decimals=5):
        values = [state["mid"] + rng.randrange(0, 20) for _ in range(4)]
        high, low = max(values), min(values)
        return [px(value, decimals) for value in (values[0], high, low, values[1])]

    def maker(unit, spelled):
        def make():
            step(unit)
            cells = [str(state["id"]), px(state["mid"]) + "000000", amount(), "1.5", str(state["t"] // unit),
                     rng.choice(spelled)]
            return cells if spelled[0] == "true" else cells + ["True"]
        return make

    def aggregate():
        step(10**3)
        return [str(state["id"]), px(state["mid"]), amount(), "1", "2", str(state["t"] // 1000), rng.choice(["True", "False"]),
                "True"]

    def kline():
        state["t"] = state["t"] // (60 * 10**9) * 60 * 10**9 + 60 * 10**9
        start = state["t"] // 10**6
        return [str(start), *ohlc(2), amount(), str(start + 59_999), amount(), str(rng.randrange(100)), "1", "1", "0"]

    def databento(whole_numbers, kind):
        def make():
            step(1)
            def dbn(ticks):
                return str(ticks * 10**7) if whole_numbers else px(ticks) + "0000000"
            stamps = [str(state["t"] + 100), str(state["t"])] if whole_numbers else [
                moment("%Y-%m-%dT%H:%M:%S.", 6) + "100Z", moment("%Y-%m-%dT%H:%M:%S.", 6) + "000Z"]
            if kind == "bars":
                state["t"] = state["t"] // 10**9 * 10**9 + 10**9
                return [str(state["t"]), "32", "1", "5482", *[str(int(Decimal(cell) * 10**9)) for cell in ohlc(2)],
                        str(rng.randrange(1000)), "ESZ3"]
            action = rng.choice("AACMTT") if kind == "top" else rng.choice("TTTTTR")
            row = stamps + ["1", "1", "5482", action, rng.choice("ABN"), "0", dbn(state["mid"]), str(rng.randrange(1, 50)),
                            "0", "100", str(state["id"])]
            if kind == "top":
                none = str(UNDEFINED) if whole_numbers else ""
                bid = none if rng.random() < 0.05 else dbn(state["mid"] - rng.randrange(3))
                row += [bid, dbn(state["mid"] + 1), str(rng.randrange(100)), str(rng.randrange(100)), "1", "1"]
            return row + [rng.choice(["ESZ3", "NQZ3"])]
        return make

    def tardis(kind):
        def make():
            step(1000)
            head = ["binance-futures", rng.choice(["BTCUSDT", "ETHUSDT"]), str(state["t"] // 1000),
                    str(state["t"] // 1000 + 321)]
            if kind == "trades":
                return head + [str(state["id"]), rng.choice(["buy", "sell"]), px(state["mid"]), amount()]
            if rng.random() < 0.05:
                return head + ["", "", px(state["mid"] - 1), amount()]
            return head + [amount(), px(state["mid"]), px(state["mid"] - 1), amount()]
        return make

    def forex(form, digits, hours=0, tail=(), reverse=False):
        def make():
            step(10**6)
            bid, ask = px(state["mid"], 5), px(state["mid"] + rng.randrange(4), 5)
            sides = [ask, bid] if reverse else [bid, ask]
            return [moment(form, digits, hours), *sides, *[cell() if callable(cell) else cell for cell in tail]]
        return make

    def minute(form, hours, volume):
        def make():
            state["t"] = state["t"] // (60 * 10**9) * 60 * 10**9 + 60 * 10**9
            return [moment(form, 0, hours), *ohlc(), volume()]
        return make

    def truefx():
        return ["EUR/USD"] + forex("%Y%m%d %H:%M:%S.", 3)()

    def truefx_tokens():
        step(10**6)
        return [str(state["t"]), "1", "Q", px(state["mid"], 5), px(state["mid"] + 2, 5), "1000000", "1000000"]

    def plain():
        step(10**6)
        return [str(state["t"] // 10**6), px(state["mid"]), px(state["mid"] + 2), amount(), amount()]

    lots = lambda: px(rng.randrange(1, 500), 2)
    databento_columns = ("ts_recv ts_event rtype publisher_id instrument_id action side depth price size flags ts_in_delta"
                         " sequence")
    top_columns = databento_columns + " bid_px_00 ask_px_00 bid_sz_00 ask_sz_00 bid_ct_00 ask_ct_00 symbol"
    minute_ns = 60 * 10**9
    return [
        ("spot trades", "binance_trades", "X", TRADE_COLUMNS + " best", False, ",", read_maker, maker(10**6, ["True", "False"])),
        ("spot trades us", "binance_trades", "X", TRADE_COLUMNS + " best", False, ",", read_maker, maker(10**3, ["True", "False"])),
        ("futures trades", "binance_trades", "X", TRADE_COLUMNS, True, ",", read_maker, maker(10**6, ["true", "false"])),
        ("aggregates", "binance_agg_trades", "X", "id price qty first last time is_buyer_maker best", False, ",", read_maker, aggregate),
        ("klines", "binance_klines", "X", KLINES, False, ",", read_kline, kline),
        ("klines header", "binance_klines", "X", KLINES, True, ",", read_kline, kline),
        ("mbp-1 pretty", "databento_mbp1", None, top_columns, True, ",", read_databento_top, databento(False, "top")),
        ("mbp-1 whole", "databento_mbp1", None, top_columns, True, ",", read_databento_top, databento(True, "top")),
        ("dbn trades", "databento_trades", None, databento_columns + " symbol", True, ",", read_databento_trade, databento(True, "trades")),
        ("dbn bars", "databento_ohlcv", None, "ts_event rtype publisher_id instrument_id open high low close volume symbol", True, ",",
         lambda r: bar(epoch(r["ts_event"]) + 10**9, 10**9, [nano(r[n]) for n in ("open", "high", "low", "close")], size(r["volume"])),
         databento(True, "bars")),
        ("tardis trades", "tardis_trades", None, "exchange symbol timestamp local_timestamp id side price amount", True, ",",
         lambda r: trade(epoch(r["timestamp"]), price(r["price"]), size(r["amount"]), whole(r["id"]), SIDES[r["side"]],
                         epoch(r["local_timestamp"])), tardis("trades")),
        ("tardis quotes", "tardis_quotes", None, "exchange symbol timestamp local_timestamp ask_amount ask_price bid_price bid_amount",
         True, ",", read_tardis_quote, tardis("quotes")),
        ("truefx", "truefx", None, "symbol time bid ask", False, ",",
         lambda r: quote(calendar(r["time"], "%Y%m%d %H:%M:%S"), price(r["bid"]), price(r["ask"])), truefx),
        ("truefx tokens", "truefx", "AUDUSD", "ts_ns token type p1 p2 q1 q2", True, ",",
         lambda r: quote(epoch(r["ts_ns"]), price(r["p1"]), price(r["p2"]), size(r["q1"]), size(r["q2"])), truefx_tokens),
        ("dukascopy", "dukascopy", "X", "Gmt_time Ask Bid AskVolume BidVolume", True, ",",
         lambda r: quote(calendar(r["Gmt_time"], DUKASCOPY), price(r["Bid"]), price(r["Ask"]), size(r["BidVolume"], MILLION),
                         size(r["AskVolume"], MILLION)), forex("%d.%m.%Y %H:%M:%S.", 3, tail=[lots, lots], reverse=True)),
        ("dukascopy bars", "dukascopy", "X", "Gmt_time Open High Low Close Volume", True, ",",
         lambda r: bar(calendar(r["Gmt_time"], DUKASCOPY) + minute_ns, minute_ns, prices_of(r, "Open High Low Close"),
                       size(r["Volume"], MILLION)), minute("%d.%m.%Y %H:%M:%S.000", 0, lots)),
        ("histdata", "histdata", "X", "time bid ask zero", False, ",",
         lambda r: quote(calendar(r["time"][:15], "%Y%m%d %H%M%S", -5) + int(r["time"][15:]) * 10**6, price(r["bid"]), price(r["ask"])),
         forex("%Y%m%d %H%M%S", 3, hours=-5, tail=["0"])),
        ("histdata m1", "histdata", "X", "time open high low close volume", False, ";",
         lambda r: bar(calendar(r["time"], "%Y%m%d %H%M%S", -5) + minute_ns, minute_ns, prices_of(r), size(r["volume"])),
         minute("%Y%m%d %H%M%S", -5, lambda: "0")),
        ("plain quotes", "quotes", "X", "time bid ask bid_size ask_size", True, ";",
         lambda r: quote(epoch(r["time"]), price(r["bid"]), price(r["ask"]), size(r["bid_size"]), size(r["ask_size"])), plain),
        ("plain bars", "ohlcv", "X", "date open high low close volume", True, ",",
         lambda r: bar(calendar(r["date"], "%Y-%m-%d %H:%M:%S") + minute_ns, minute_ns, prices_of(r), size(r["volume"])),
         minute("%Y-%m-%d %H:%M:%S", 0, amount)),
    ]


def damage(rng, rows):
    """Spoils some rows, never the first two, in ways that make them bad whatever the format."""
    for index in rng.sample(range(2, len(rows)), len(rows) // 20):
        row = rows[index]
        if rng.random() < 0.5:
            row.pop()
        elif rng.random() < 0.5:
            row.append("1")
        else:
            # A cell that is a price in every format is the one with a point or the longest of the middle.
            place = max((i for i in range(1, len(row)) if row[i].replace(".", "").isdigit()), key=lambda i: len(row[i]), default=1)
            row[place] = rng.choice(["nan", "1x", "12..5", "--3", "#REF!"])


def late(rng, rows):
    """Puts some rows further down, so that they come late there."""
    for _ in range(len(rows) // 30):
        place = rng.randrange(2, len(rows) - 20)
        rows.insert(place + rng.randrange(1, 20), rows.pop(place))


def spread(rng, lines, has_header):
    """One text of lines with everything that editors and concatenation do to files."""
    if has_header:
        lines.insert(len(lines) // 2, lines[0])
    text = "\ufeff"
    for line in lines:
        text += line + rng.choice(["\n", "\r\n", "\n", "\n\n", "\r\n\r\n"])
    return text


def read_csv(text, columns, has_header, delimiter, reader, leaves_out_late):
    names = columns.split()
    records, bad, rows = [], 0, 0
    lines = csv.reader(text.removeprefix("\ufeff").splitlines(), delimiter=delimiter)
    if has_header:
        next(lines)
    for cells in lines:
        if not cells:
            continue
        rows += 1
        try:
            if len(cells) != len(names):
                raise Bad("cells")
            found = reader(dict(zip(names, cells)))
            if leaves_out_late and records and found[0][1] < records[-1][1]:
                raise Bad("late")
            records += found
        except (Bad, KeyError, ValueError):
            bad += 1
        except LeftOut:
            pass
    return records, bad, rows


def read_ticks(path):
    with open(path, "rb") as file:
        data = file.read()
    header, slots = struct.unpack_from("<I", data, 16)[0], struct.unpack_from("<I", data, 20)[0]
    records = []
    for offset in range(header, len(data), (slots + 1) * 64):
        count = struct.unpack_from("<I", data, offset + slots * 64 + 4)[0]
        for index in range(count):
            event, received, _, _, kind, _, _, *words = struct.unpack_from("<qqQIBBHqqqq", data, offset + index * 64)
            records.append((event, received, kind, *words))
    return records


def facts(records):
    """What a user would compare."""
    quotes = [r for r in records if r[2] == QUOTE]
    trades = [r for r in records if r[2] == TRADE]
    bars = [r for r in records if r[2] == BAR]
    prices = [p for r in quotes for p in r[3:5]] + [r[3] for r in trades] + [p for r in bars for p in r[3:7]]
    return {"count": len(records), "first": records[0], "last": records[-1],
            "sizes": sum(r[5] + r[6] for r in quotes) + sum(r[4] for r in trades) + sum(r[3] for r in records if r[2] == VOLUME),
            "low": min(prices), "high": max(prices)}


def check(program, directory, case, variant, rng):
    name, preset, symbol, columns, has_header, delimiter, reader, make = case
    rows = [make() for _ in range(400)]
    if variant == "damaged":
        damage(rng, rows)
    if variant == "late":
        late(rng, rows)
    header = [delimiter.join(columns.split()).replace("Gmt_time", "Gmt time")] if has_header else []
    lines = header + [delimiter.join(row) for row in rows]
    text = spread(rng, lines, has_header) if variant == "spread" else ("\r\n" if variant == "crlf" else "\n").join(lines + [""])
    source = os.path.join(directory, "in.csv" + {"gzip": ".gz", "zip": ".zip"}.get(variant, ""))
    output = os.path.join(directory, "out.ticks")
    if variant == "zip":
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("DAT_ASCII.txt", "a report\n")
            archive.writestr("DAT_ASCII.csv", text)
    else:
        with (gzip.open if variant == "gzip" else open)(source, "wb") as file:
            file.write(text.encode())
    if os.path.exists(output):
        os.remove(output)
    arguments = [program, "ticks", "import", source, "--preset", preset, "-o", output, "--bad-rows", "skip", "--json"]
    arguments += ["--out-of-order", "skip"] if variant == "late" else ["--sort-window", "10s"]
    if symbol:
        arguments += ["--symbol", symbol]
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode != 0:
        return [f"{name}, {variant}: exit {run.returncode}: {run.stderr.strip()}"]
    expected, bad, count = read_csv(text, columns, has_header, delimiter, reader, variant == "late")
    expected.sort(key=lambda record: record[1])
    found = read_ticks(output)
    if not expected:
        return [f"{name}, {variant}: the reader here finds no records, {bad} bad rows: {text[:200]}"]
    problems = [f"{name}, {variant}: {key} is {facts(found)[key]}, not {value}"
                for key, value in facts(expected).items() if facts(found)[key] != value]
    if f'"bad_rows":{bad},' not in run.stdout.replace(" ", ""):
        problems.append(f"{name}, {variant}: {bad} bad rows are not in {run.stdout.strip()[:300]}")
    if f'"rows":{count}' not in run.stdout.replace(" ", ""):
        problems.append(f"{name}, {variant}: {count} rows are not in {run.stdout.strip()[:300]}")
    if not problems and found != expected:
        index = next(i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1])
        problems.append(f"{name}, {variant}: record {index} is {found[index]}, not {expected[index]}")
    if (variant == "damaged" or variant == "late" or variant == "spread" and has_header) and bad == 0:
        problems.append(f"{name}: {variant} did no harm")
    return problems


def main():
    program, directory = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    problems, checked = [], 0
    for variant in ["plain", "crlf", "gzip", "zip", "damaged", "spread", "late"]:
        rng = random.Random(f"{seed} {variant}")
        for case in cases(rng):
            problems += check(program, directory, case, variant, rng)
            checked += 1
    print("\n".join(problems) or f"{checked} files agree")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
