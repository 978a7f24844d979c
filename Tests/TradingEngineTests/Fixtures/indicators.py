#!/usr/bin/env python3
"""Makes indicators.csv: a small series of bars and what TA-Lib (or, where it has none, numpy) says about it.

Run once with TA-Lib and numpy from PyPI: python3 -m venv v && v/bin/pip install TA-Lib numpy
v/bin/python indicators.py > indicators.csv. An empty field means that the indicator is not ready there.
"""
import sys

import numpy as np
import talib

COUNT = 260
random = np.random.default_rng(20260105)
close = 100 + np.cumsum(random.normal(0, 0.7, COUNT))
close[120:140] = close[119]  # nothing moves for a while
open_ = np.concatenate([[100.0], close[:-1]]) + random.normal(0, 0.1, COUNT)
high = np.maximum(open_, close) + np.abs(random.normal(0, 0.3, COUNT))
low = np.minimum(open_, close) - np.abs(random.normal(0, 0.3, COUNT))
for column in (open_, high, low):
    column[121:140] = close[119]  # bars without range
volume = np.round(random.uniform(0, 50, COUNT))
bid_size = np.round(random.uniform(0, 20, COUNT))
ask_size = np.round(random.uniform(0, 20, COUNT))
bid_size[7] = ask_size[7] = 0


def rolling(values, length, function):
    result = np.full(COUNT, np.nan)
    for index in range(length - 1, COUNT):
        result[index] = function(values[index - length + 1:index + 1])
    return result


def z_score(window):
    deviation = window.std() if window.max() > window.min() else 0.0
    return (window[-1] - window.mean()) / deviation if deviation > 0 else 0.0


def vwap(session):
    result = np.full(COUNT, np.nan)
    for index in range(COUNT):
        first = index // session * session
        size = volume[first:index + 1].sum()
        if size > 0:
            result[index] = (close[first:index + 1] * volume[first:index + 1]).sum() / size
    return result


imbalance = np.where(bid_size + ask_size > 0, (bid_size - ask_size) / np.maximum(bid_size + ask_size, 1), 0)
macd, macd_signal, macd_histogram = talib.MACD(close, 12, 26, 9)
upper, middle, lower = talib.BBANDS(close, 20, 2.5, 2.5, 0)
slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
fast_k, fast_d = talib.STOCHF(high, low, close, 14, 3, 0)
columns = {
    "open": open_, "high": high, "low": low, "close": close, "volume": volume,
    "bid_size": bid_size, "ask_size": ask_size,
    "sma_10": talib.SMA(close, 10), "ema_10": talib.EMA(close, 10), "wma_10": talib.WMA(close, 10),
    "rsi_14": talib.RSI(close, 14), "rsi_2": talib.RSI(close, 2),
    "macd": macd, "macd_signal": macd_signal, "macd_histogram": macd_histogram,
    "bollinger_upper": upper, "bollinger_middle": middle, "bollinger_lower": lower,
    "atr_14": talib.ATR(high, low, close, 14), "true_range": talib.TRANGE(high, low, close),
    "adx_14": talib.ADX(high, low, close, 14), "adx_5": talib.ADX(high, low, close, 5),
    "plus_di_14": talib.PLUS_DI(high, low, close, 14), "minus_di_14": talib.MINUS_DI(high, low, close, 14),
    "slow_k": slow_k, "slow_d": slow_d, "fast_k": fast_k, "fast_d": fast_d,
    "vwap_50": vwap(50),
    "max_20": talib.MAX(close, 20), "min_20": talib.MIN(close, 20),
    "donchian_upper": talib.MAX(high, 20), "donchian_lower": talib.MIN(low, 20),
    "donchian_middle": talib.MIDPRICE(high, low, 20),
    # TA-Lib's own formula loses digits; numpy's is exact enough to be the reference.
    "deviation_20": rolling(close, 20, np.std), "z_score_20": rolling(close, 20, z_score),
    "imbalance": imbalance, "imbalance_5": rolling(imbalance, 5, np.mean),
}
difference = np.nanmax(np.abs(columns["deviation_20"] - talib.STDDEV(close, 20, 1)))
sys.stderr.write(f"largest difference between numpy's deviation and TA-Lib's: {difference}\n")
print(",".join(columns))
for index in range(COUNT):
    print(",".join("" if np.isnan(c[index]) else repr(float(c[index])) for c in columns.values()))
