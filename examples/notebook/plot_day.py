"""Reads one engine and one tick file and plots a day: prices with fills, the PnL of every strategy, orders by status.

    python3 plot_day.py HOME TICK_FILE [--day 2026-01-05] [--out day.png]

Needs pandas, and matplotlib for the plot. engine.db is opened read-only by the standard library; the tick file is read as
what it is: a header, then blocks of up to 1,023 records of 64 bytes (drawn in Sources/MarketData/TickFile).
In a notebook: from plot_day import ticks, fills, orders, metrics, plot
"""

import argparse
import pathlib
import sqlite3
import struct
import sys

import pandas as pd

BLOCK = 65_536
KINDS = {"quote": 1, "trade": 2, "bar": 3}


def database(home):
    path = pathlib.Path(home) / "engine.db"
    if not path.exists():
        sys.exit(f"{path} does not exist: give the home directory of an engine")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def orders(connection):
    """All orders; prices and quantities as they are in orders_view."""
    frame = pd.read_sql("SELECT * FROM orders_view", connection)
    frame["created_at"] = pd.to_datetime(frame["created_at"])
    return frame


def fills(connection):
    """All fills by the strategies' clocks, which in a replay are the replay's."""
    frame = pd.read_sql("SELECT * FROM fills_view", connection)
    frame["time"] = pd.to_datetime(frame["time"])
    return frame


def metrics(connection):
    """Net PnL of every strategy by this machine's clock, a column each."""
    frame = pd.read_sql(
        "SELECT m.timestamp, c.name, m.pnl FROM strategy_metrics m JOIN strategy_configs c ON c.id = m.strategy_id",
        connection)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="ISO8601")
    return frame.pivot_table(index="timestamp", columns="name", values="pnl", aggfunc="last").ffill()


def ticks(path):
    """Quotes, trades and bars of a tick file: time, symbol, price (the middle of a quote, the close of a bar)."""
    data = pathlib.Path(path).read_bytes()
    magic, version, record_bytes, header_bytes, slots, instrument_count, _ = struct.unpack_from("<8s6I", data)
    if magic != b"TWTICK01" or version != 1 or record_bytes != 64:
        sys.exit(f"{path} is no tick file of version 1")
    names, offset = {}, 128

    def text():
        nonlocal offset
        length, = struct.unpack_from("<I", data, offset)
        offset += 4 + length
        return data[offset - length:offset].decode()

    text()
    for _ in range(instrument_count):
        token, = struct.unpack_from("<I", data, offset)
        offset += 4
        names[token] = text()
        text(), text()
        offset += 24
    rows = []
    for start in range(header_bytes, len(data), BLOCK):
        trailer = start + slots * 64
        if trailer + 64 > len(data) or data[trailer:trailer + 4] != b"TBLK":
            break
        count, = struct.unpack_from("<I", data, trailer + 4)
        for record in struct.iter_unpack("<qqQIBBHqqqq", data[start:start + count * 64]):
            event_time, _, _, token, kind, _, _, first, second, _, fourth = record
            if kind == KINDS["quote"]:
                price = (first + second) / 2
            elif kind == KINDS["trade"]:
                price = first
            elif kind == KINDS["bar"]:
                price = fourth
            else:
                continue
            rows.append((event_time, names.get(token, f"#{token}"), price / 1e8))
    frame = pd.DataFrame(rows, columns=["time", "symbol", "price"])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    return frame


def plot(prices, trades, pnl, out):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    symbols = sorted(prices["symbol"].unique())
    figure, axes = plt.subplots(len(symbols) + 1, 1, figsize=(12, 3.2 * (len(symbols) + 1)), constrained_layout=True)
    axes = list(axes) if len(symbols) else [axes]
    for axis, symbol in zip(axes, symbols):
        line = prices[prices["symbol"] == symbol]
        axis.plot(line["time"], line["price"], linewidth=0.7, color="0.4", label=symbol)
        for side, marker, colour in [("buy", "^", "tab:green"), ("sell", "v", "tab:red")]:
            chosen = trades[(trades["symbol"] == symbol) & (trades["side"] == side)]
            axis.scatter(chosen["time"], chosen["price"], marker=marker, s=18, color=colour, label=f"{side} ({len(chosen)})")
        axis.margins(y=0.15)
        axis.set_ylabel(symbol)
        axis.legend(loc="upper left", frameon=False, ncols=3)
    for name in pnl:
        axes[-1].plot(pnl.index, pnl[name], label=name, linewidth=1)
    axes[-1].axhline(0, color="0.7", linewidth=0.7)
    axes[-1].set_ylabel("net PnL")
    if len(pnl.columns) <= 12:
        axes[-1].legend(loc="lower left", frameon=False, ncols=4)
    figure.savefig(out, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home")
    parser.add_argument("tick_file")
    parser.add_argument("--day", help="a UTC day such as 2026-01-05; default: the first one of the tick file")
    parser.add_argument("--out", default="day.png")
    arguments = parser.parse_args()
    connection = database(arguments.home)
    prices = ticks(arguments.tick_file)
    if prices.empty:
        sys.exit(f"{arguments.tick_file} holds no prices")
    day = pd.Timestamp(arguments.day, tz="UTC") if arguments.day else prices["time"].min().floor("D")
    end = day + pd.Timedelta(days=1)
    prices = prices[(prices["time"] >= day) & (prices["time"] < end)]
    trades = fills(connection)
    trades = trades[(trades["time"] >= day) & (trades["time"] < end)]
    pnl, all_orders = metrics(connection), orders(connection)
    print(f"{day.date()}: {len(prices)} prices, {len(trades)} fills")
    print(all_orders.groupby(["strategy", "status"]).size().unstack(fill_value=0).to_string())
    print(trades.groupby("strategy")[["realized_pnl", "fee"]].sum().to_string())
    plot(prices, trades, pnl, arguments.out)
    print(f"plotted to {arguments.out}")


if __name__ == "__main__":
    main()
