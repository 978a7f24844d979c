"""The same moving-average crossover in other engines, installed from PyPI into a virtual environment of their own.

Every engine gets the records of the same tick file in the form it reads fastest, converted beforehand; the time is that of its
run alone. Each sends a market order (hftbacktest: a limit order through the other side) of one unit to turn its position when the
averages cross. NautilusTrader runs on a part of the file, because it would take minutes, twice: with a strategy in Python, and
as nautilus_native with engine and strategy in Rust (its built-in EmaCross: exponential averages of the same lengths, a market
order at each crossing); hftbacktest sees a quote as
changes of book levels (two, or up to four where prices move), and the time to compile its strategy is left out.
"""
import glob
import os
import shutil
import subprocess
import sys

# The Rust-native engine of NautilusTrader with its own Rust strategies came to PyPI with releases for Python 3.12 and later.
ENGINES = [("hftbacktest", ["hftbacktest"], (3, 10)), ("nautilus", ["nautilus_trader"], (3, 10)),
           ("nautilus_native", ["nautilus_trader", "numpy"], (3, 12))]


def find_python(at_least):
    """A Python that is new enough, this one first; None when there is none."""
    candidates = [sys.executable] + [shutil.which(f"python3.{minor}") or "" for minor in (13, 12)]
    candidates += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[2-9]*/bin/python")), reverse=True)
    for candidate in filter(None, candidates):
        found = subprocess.run([candidate, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True)
        if found.returncode == 0 and tuple(map(int, found.stdout.split())) >= at_least:
            return candidate
    return None


def install(packages, at_least, directory):
    """The Python of a virtual environment with the packages; None with a word on why not."""
    python, mark = os.path.join(directory, "bin", "python"), os.path.join(directory, "installed")
    if os.path.exists(mark):
        return python, ""
    source = find_python(at_least)
    if source is None:
        return None, f"needs Python {at_least[0]}.{at_least[1]} or later"
    print("installing", ", ".join(packages), "for the comparison", file=sys.stderr)
    subprocess.run([source, "-m", "venv", directory], check=True)
    installed = subprocess.run([python, "-m", "pip", "install", "-q"] + packages, capture_output=True, text=True)
    if installed.returncode != 0:
        return None, "pip says " + installed.stderr.strip().splitlines()[-1]
    open(mark, "w").close()
    return python, ""


def run(tradewind, path, directory, tradewind_seconds_per_record):
    for engine, packages, at_least in ENGINES:
        # With TRADEWIND_PEERS set to a directory, what was installed there once is used again.
        place = os.environ.get("TRADEWIND_PEERS") or directory
        python, reason = install(packages, at_least, os.path.join(place, "peer-" + engine))
        if python is None:
            print(f"{engine:<18} not measured: {reason}")
            continue
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


def nautilus_native(path):
    import time
    from importlib.metadata import version
    from nautilus_trader.core import nautilus_pyo3
    model = nautilus_pyo3.model
    records = load(path, 1_000_000)
    identity = model.InstrumentId.from_str("ALPHA.SIM")
    currency = model.Currency.from_str("USD")
    data = []
    for record in records:
        words, moment = record["words"], int(record["time"])
        if record["kind"] == 1:
            data.append(model.QuoteTick(identity, model.Price(words[0] / 1e8, 2), model.Price(words[1] / 1e8, 2),
                                        model.Quantity(max(1, round(words[2] / 1e8)), 0),
                                        model.Quantity(max(1, round(words[3] / 1e8)), 0), moment, moment))
        else:
            side = model.AggressorSide.BUYER if words[3] == 1 else model.AggressorSide.SELLER
            data.append(model.TradeTick(identity, model.Price(words[0] / 1e8, 2),
                                        model.Quantity(max(1, round(words[1] / 1e8)), 0), side,
                                        model.TradeId(str(len(data))), moment, moment))
    silence = nautilus_pyo3.common.LoggerConfig(bypass_logging=True, stdout_level=nautilus_pyo3.common.LogLevel.OFF)
    engine = nautilus_pyo3.BacktestEngine(
        nautilus_pyo3.BacktestEngineConfig(bypass_logging=True, run_analysis=False, logging=silence))
    engine.add_venue(model.Venue("SIM"), model.OmsType.NETTING, model.AccountType.MARGIN, [model.Money(1_000_000, currency)],
                     base_currency=currency)
    engine.add_instrument(model.Equity(identity, model.Symbol("ALPHA"), currency, 2, model.Price(0.01, 2), 0, 0))
    engine.add_data(data)
    engine.add_builtin_strategy(
        "EmaCross", nautilus_pyo3.trading.EmaCrossConfig(identity, model.Quantity(1, 0), 10, 50))
    started = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - started
    print(len(records), seconds, engine.get_result().total_orders, version("nautilus_trader"))


if __name__ == "__main__":
    {"hftbacktest": hftbacktest, "nautilus": nautilus, "nautilus_native": nautilus_native}[sys.argv[1]](sys.argv[2])
