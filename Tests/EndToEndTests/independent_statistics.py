"""Computes the figures of a backtest from its own CSV files, with Python's standard library and the definitions of
Statistics.md, and compares them with those of result.json.

Usage: independent_statistics.py DIRECTORY [DAYS_PER_YEAR [RATE]], RATE the worth of the instruments' currency in the
account's; prints one line for each figure that differs and ends with 1.
"""
import csv
import datetime
import json
import math
import statistics
import sys
from fractions import Fraction


def seconds(text):
    """Nanoseconds matter: whole seconds by the calendar, the fraction exactly."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return Fraction(int(moment.timestamp())) + Fraction(int((fraction or "0").ljust(9, "0")), 10**9)


def returns_of(points, start, length, days):
    """The last equity of each period that has one, as simple returns."""
    last = {}
    for moment, equity in points:
        last[moment // length] = equity
    before, found = start, []
    for equity in last.values():
        found.append(float(equity / before) - 1)
        before = equity
    return found, days * 86400 / length


def choose_returns(points, start, interval, days):
    if start <= 0 or any(equity <= 0 for _, equity in points):
        return None, None
    for length in (86400, 3600, 60, 1):
        if interval > length:
            continue
        found, yearly = returns_of(points, start, length, days)
        if len(found) >= 30:
            return found, yearly
    return None, None


def interval_of(points):
    """The shortest interval of the ladder whose cells the points do not share."""
    for step in (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400, 43200, 86400):
        cells = [moment // step for moment, _ in points]
        if len(set(cells)) == len(cells):
            finest = step
        else:
            break
    return finest


def drawdowns(points, start, begin, end):
    peak, peak_time, longest, share = start, begin, None, 0.0
    current = None
    for moment, equity in points:
        if equity >= peak:
            if current is not None:
                longest = max(longest or 0, moment - peak_time)
                current = None
            peak, peak_time = equity, moment
            continue
        current = equity
        if peak <= 0:
            share = None
        elif share is not None:
            share = max(share, float((peak - equity) / peak))
    if current is not None:
        longest = max(longest or 0, end - peak_time)
    return share, longest


def streaks(results):
    best, run = {1: 0, -1: 0}, {1: 0, -1: 0}
    for value in results:
        sign = (value > 0) - (value < 0)
        for side in run:
            run[side] = run[side] + 1 if side == sign else 0
            best[side] = max(best[side], run[side])
    return best[1], best[-1]


def compute(directory, days, rate, result):
    curve = list(csv.DictReader(open(directory + "/equity.csv")))
    points = [(seconds(row["time"]), Fraction(row["equity"])) for row in curve]
    trades = list(csv.DictReader(open(directory + "/trades.csv")))
    fills = [row for row in csv.DictReader(open(directory + "/orders.csv")) if row["event"] == "fill"]
    start = Fraction(result["equity"]) - Fraction(result["net_pnl"])
    begin, end = seconds(result["first_time"]), seconds(result["last_time"])
    final, span = points[-1][1], float(end - begin)
    years = span / (365.25 * 86400)
    has_year = span >= 86400
    returns, yearly = choose_returns(points, start, interval_of(points), days)
    figures = {"net_pnl": float(final - start), "years": years}
    figures["total_return"] = float(final / start) - 1 if start > 0 else None
    figures["cagr"] = float(final / start) ** (1 / years) - 1 if has_year and start > 0 and final > 0 else None
    deviation = statistics.stdev(returns) if returns and len(set(returns)) > 1 else None
    mean = statistics.fmean(returns) if returns else None
    figures["volatility"] = deviation * math.sqrt(yearly) if deviation and has_year else None
    figures["return_to_risk"] = mean / deviation if deviation else None
    figures["sharpe"] = mean / deviation * math.sqrt(yearly) if deviation and has_year else None
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns)) if returns else 0
    figures["sortino"] = mean / downside * math.sqrt(yearly) if downside and has_year else None
    figures["return_count"] = len(returns) if returns else None
    figures["periods_per_year"] = yearly
    share, longest = drawdowns(points, start, begin, end)
    figures["max_drawdown_share"] = share
    figures["longest_drawdown_seconds"] = float(longest) if longest is not None else None
    figures["calmar"] = figures["cagr"] / share if figures["cagr"] is not None and share else None
    net = [Fraction(trade["net_pnl"]) for trade in trades]
    wins, losses = [n for n in net if n > 0], [n for n in net if n < 0]
    figures["trades"] = len(net)
    figures["win_rate"] = len(wins) / len(net) if net else None
    figures["profit_factor"] = float(sum(wins) / -sum(losses)) if losses else None
    figures["expectancy"] = float(sum(net) / len(net)) if net else None
    figures["average_win"] = float(sum(wins) / len(wins)) if wins else None
    figures["average_loss"] = float(sum(losses) / len(losses)) if losses else None
    figures["best_trade"], figures["worst_trade"] = (float(max(net)), float(min(net))) if net else (None, None)
    values = [float(n) for n in net]
    spread = statistics.stdev(values) if len(set(values)) > 1 else None
    figures["sqn"] = math.sqrt(len(values)) * statistics.fmean(values) / spread if spread else None
    figures["longest_winning_streak"], figures["longest_losing_streak"] = streaks(net)
    held = [float(seconds(t["exit_time"]) - seconds(t["entry_time"])) for t in trades]
    figures["average_holding_seconds"] = statistics.fmean(held) if held else None
    figures["fees_paid"] = float(sum(Fraction(fill["fee"]) for fill in fills))
    turnover = sum(Fraction(fill["fill_price"]) * Fraction(fill["fill_quantity"]) for fill in fills) * rate
    figures["turnover"] = float(turnover)
    figures["turnover_ratio"] = float(turnover / start) if start > 0 else None
    if len(result["strategies"]) == 1:
        figures["exposure"] = exposure(fills, begin, end)
    else:
        figures["exposure"] = sum(row["has_position"] == "1" for row in curve) / len(curve)
    return figures


def exposure(fills, begin, end):
    """Time with a position in anything, by all time, from the positions after the fills."""
    held, open_since, total = {}, None, Fraction(0)
    for fill in fills:
        moment = seconds(fill["time"])
        held[fill["symbol"]] = Fraction(fill["position_after"])
        is_open = any(held.values())
        if is_open and open_since is None:
            open_since = moment
        if not is_open and open_since is not None:
            total += moment - open_since
            open_since = None
    if open_since is not None:
        total += max(end - open_since, 0)
    return min(1.0, float(total / (end - begin))) if end > begin else None


def main():
    directory, days = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 365.0
    rate = Fraction(sys.argv[3]) if len(sys.argv) > 3 else 1
    result = json.load(open(directory + "/result.json"))
    given = result["statistics"]
    bad = 0
    for name, value in compute(directory, days, rate, result).items():
        other = given[name]
        same = value is None and other is None or (
            value is not None and other is not None and math.isclose(value, float(other), rel_tol=1e-7, abs_tol=1e-7))
        if not same:
            print(f"{name}: {other} in result.json, {value} here")
            bad += 1
    print(f"{len(given)} figures, {bad} differ")
    sys.exit(1 if bad else 0)


main()
