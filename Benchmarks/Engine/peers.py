"""The same moving-average crossover in other engines, installed from PyPI into a virtual environment of their own.

Every engine gets the records of the same tick file in the form it reads fastest, converted beforehand; the time is that of its
run alone. Each sends a market order (hftbacktest: a limit order through the other side) of one unit to turn its position when the
averages cross. NautilusTrader runs on a part of the file, because it would take minutes; hftbacktest sees a quote as
changes of book levels (two, or up to four where prices move), and the time to compile its strategy is left out.
"""
import os
import subprocess
import sys

PACKAGES = ["nautilus_trader", "hftbacktest"]


def run(tradewind, path, directory, tradewind_seconds_per_record):
    environment = os.path.join(directory, "peers")
    print("installing", ", ".join(PACKAGES), "for the comparison", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = os.path.join(environment, "bin", "python")
    installed = subprocess.run([python, "-m", "pip", "install", "-q"] + PACKAGES, capture_output=True, text=True)
    if installed.returncode != 0:
        print("other engines      not measured: pip says " + installed.stderr.strip().splitlines()[-1])
        return
    for engine in ("hftbacktest", "nautilus"):
        result = subprocess.run([python, os.path.abspath(__file__), engine, path], capture_output=True, text=True)
        if result.returncode != 0:
            print(f"{engine:<18} not measured: {result.stderr.strip().splitlines()[-1]}")
            continue
        records, seconds, orders, version = result.stdout.split()[-4:]
        rate = int(records) / float(seconds)
        print(f"{engine:<18} {rate / 1e6:.3f} million records/s on {int(records):,} records, {orders} orders (version {version}); "
              f"the backtest is {1 / tradewind_seconds_per_record / rate:.1f} times as fast")


def load(path, limit=None):
    """Quotes and trades of a tick file as numpy arrays: kind, time, four words."""
    import numpy as np
    record = np.dtype([("event", "<i8"), ("time", "<i8"), ("sequence", "<u8"), ("token", "<u4"), ("kind", "u1"),
                       ("flags", "u1"), ("spare", "<u2"), ("words", "<i8", 4)])
    content = np.memmap(path, np.uint8, "r")
    blocks = len(content) // 65536
    parts = []
    for block in range(blocks):
        start = len(content) - (blocks - block) * 65536
        count = int(content[start + 1023 * 64 + 4:start + 1023 * 64 + 8].view("<u4")[0])
        parts.append(content[start:start + count * 64].view(record))
        if limit and sum(map(len, parts[-1:])) * len(parts) >= limit:
            break
    records = np.concatenate(parts)
    return records[:limit] if limit else records


def hftbacktest(path):
    import time
    import numpy as np
    from importlib.metadata import version
    from numba import njit
    from hftbacktest import (BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, GTC, LIMIT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT,
                             BacktestAsset, HashMapMarketDepthBacktest, event_dtype)
    records = load(path)
    quotes, trades = records[records["kind"] == 1], records[records["kind"] == 2]
    both = EXCH_EVENT | LOCAL_EVENT

    def events(source, flag, side, price, quantity):
        result = np.zeros(len(source), event_dtype)
        result["ev"] = both | flag | side
        result["exch_ts"] = result["local_ts"] = source["time"]
        result["px"], result["qty"] = source["words"][:, price] / 1e8, source["words"][:, quantity] / 1e8
        return result

    traded = events(trades, TRADE_EVENT, 0, 0, 1)
    traded["ev"] |= np.where(trades["words"][:, 3] == 1, BUY_EVENT, SELL_EVENT).astype(np.uint64)
    def removals(side, price):
        """A level that a quote no longer has, before the new one is set."""
        changed = np.flatnonzero(np.diff(quotes["words"][:, price])) + 1
        result = events(quotes[changed], DEPTH_EVENT, side, price, 2)
        result["px"], result["qty"] = quotes["words"][changed - 1, price] / 1e8, 0
        return result

    data = np.concatenate([removals(BUY_EVENT, 0), removals(SELL_EVENT, 1), events(quotes, DEPTH_EVENT, BUY_EVENT, 0, 2),
                           events(quotes, DEPTH_EVENT, SELL_EVENT, 1, 3), traded])
    data = data[np.argsort(data["local_ts"], kind="stable")]
    # It stops once for each time, and every record has one of its own.
    is_quote = records["kind"] == 1

    @njit
    def crossover(hbt, is_quote):
        fast, slow = np.zeros(10), np.zeros(50)
        fast_sum = slow_sum = 0.0
        seen = orders = 0
        trend = 0
        stop = -1
        while True:
            code = hbt.wait_next_feed(False, 1_000_000_000_000)
            if code == 1:
                return orders
            stop += 1
            if stop >= len(is_quote) or not is_quote[stop]:
                continue
            depth = hbt.depth(0)
            bid, ask = depth.best_bid, depth.best_ask
            mid = (bid + ask) / 2
            if not mid > 0:
                continue
            fast_sum += mid - fast[seen % 10]
            fast[seen % 10] = mid
            slow_sum += mid - slow[seen % 50]
            slow[seen % 50] = mid
            seen += 1
            if seen < 50 or fast_sum / 10 == slow_sum / 50:
                continue
            side = 1 if fast_sum / 10 > slow_sum / 50 else -1
            if side == trend:
                continue
            trend = side
            change = side - hbt.position(0)
            orders += 1
            if change > 0:
                hbt.submit_buy_order(0, orders, ask + 1, change, GTC, LIMIT, False)
            else:
                hbt.submit_sell_order(0, orders, bid - 1, -change, GTC, LIMIT, False)
            hbt.clear_inactive_orders(0)

    def make(part):
        asset = (BacktestAsset().data(part).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
                 .no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0).tick_size(0.01).lot_size(0.01)
                 .last_trades_capacity(0))
        return HashMapMarketDepthBacktest([asset])

    # It reads the array in place and does not keep it.
    beginning = data[:10_000].copy()
    crossover(make(beginning), is_quote)  # compiles it
    hbt = make(data)
    started = time.perf_counter()
    orders = crossover(hbt, is_quote)
    print(len(records), time.perf_counter() - started, orders, version("hftbacktest"))


def nautilus(path):
    import time
    from decimal import Decimal
    from importlib.metadata import version
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig
    from nautilus_trader.model import Money, Price, Quantity, TraderId
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.data import QuoteTick, TradeTick
    from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType, OrderSide
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
    from nautilus_trader.model.instruments import Equity
    from nautilus_trader.trading.strategy import Strategy

    records = load(path, 300_000)
    identity = InstrumentId(Symbol("ALPHA"), Venue("SIM"))
    instrument = Equity(identity, Symbol("ALPHA"), USD, 2, Price(0.01, 2), Quantity.from_int(1), 0, 0)
    data = []
    for record in records:
        words, moment = record["words"], int(record["time"])
        if record["kind"] == 1:
            data.append(QuoteTick(identity, Price(words[0] / 1e8, 2), Price(words[1] / 1e8, 2),
                                  Quantity.from_int(max(1, round(words[2] / 1e8))),
                                  Quantity.from_int(max(1, round(words[3] / 1e8))), moment, moment))
        else:
            side = AggressorSide.BUYER if words[3] == 1 else AggressorSide.SELLER
            data.append(TradeTick(identity, Price(words[0] / 1e8, 2), Quantity.from_int(max(1, round(words[1] / 1e8))), side,
                                  TradeId(str(len(data))), moment, moment))

    class Crossover(Strategy):
        def __init__(self):
            super().__init__()
            self.fast, self.slow, self.seen, self.trend, self.orders = [0.0] * 10, [0.0] * 50, 0, 0, 0
            self.fast_sum = self.slow_sum = 0.0

        def on_start(self):
            self.subscribe_quote_ticks(identity)
            self.subscribe_trade_ticks(identity)

        def on_quote_tick(self, tick):
            mid = (tick.bid_price.as_double() + tick.ask_price.as_double()) / 2
            self.fast_sum += mid - self.fast[self.seen % 10]
            self.fast[self.seen % 10] = mid
            self.slow_sum += mid - self.slow[self.seen % 50]
            self.slow[self.seen % 50] = mid
            self.seen += 1
            difference = self.fast_sum / 10 - self.slow_sum / 50
            if self.seen < 50 or difference == 0:
                return
            side = 1 if difference > 0 else -1
            if side == self.trend:
                return
            change = side - self.trend
            self.trend = side
            self.orders += 1
            self.submit_order(self.order_factory.market(
                identity, OrderSide.BUY if change > 0 else OrderSide.SELL, Quantity.from_int(abs(change))))

    engine = BacktestEngine(BacktestEngineConfig(trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(Venue("SIM"), OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000, USD)], base_currency=USD,
                     default_leverage=Decimal(10))
    engine.add_instrument(instrument)
    engine.add_data(data)
    strategy = Crossover()
    engine.add_strategy(strategy)
    started = time.perf_counter()
    engine.run()
    print(len(records), time.perf_counter() - started, strategy.orders, version("nautilus_trader"))


if __name__ == "__main__":
    {"hftbacktest": hftbacktest, "nautilus": nautilus}[sys.argv[1]](sys.argv[2])
