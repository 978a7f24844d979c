"""Items of the bus as lines of text."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal

from tradewind_frames import Gap, Item, Message, Record, Records, SequenceGap, TokenGap


def lines(item: Item) -> list[str]:
    """An item as `topic content`, one line each; gaps stand where a topic would."""
    if isinstance(item, Records):
        return [f"live_data:{item.token} {record_json(record)}" for record in item.records]
    if isinstance(item, Message):
        text = item.content.decode("utf-8", "replace")
        return [f"{item.topic} {text if text.isprintable() else json.dumps(text)}"]
    names = {Gap: "gap", SequenceGap: "sequence_gap", TokenGap: "token_gap"}
    return [f"{names[type(item)]} {compact_json(item._asdict())}"] if type(item) in names else []


def record_json(record: Record) -> str:
    """A record with the names that `tradewind ticks cat --json` gives its fields; decimals are text."""
    names = {"BarVolume": "bar_volume", "FeedStatus": "status", "FeedGap": "gap"}
    kind = type(record.body).__name__
    fields: dict[str, object] = {
        "receive_time": _time_text(record.receive_time), "event_time": _time_text(record.event_time),
        "sequence": record.sequence, "token": record.token, "kind": names.get(kind, kind.lower()),
        "flags": record.flags,
    }
    fields.update(record.body._asdict())
    return compact_json(fields)


def compact_json(fields: dict[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"), default=decimal_text)


def decimal_text(value: Decimal) -> str:
    """All digits that say something: 99.5, not 99.50000000."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _time_text(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
