"""The bytes that a client of the Tradewind bus sends and receives, after Sources/MessageBus/PROTOCOL.md."""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import NamedTuple, Union

PROTOCOL_VERSION = 1
PAYLOAD_BYTES_MAX = 1_048_576


class FrameType(enum.IntEnum):
    HELLO, WELCOME, SUBSCRIBE, UNSUBSCRIBE, PUBLISH, MESSAGE = 1, 2, 3, 4, 5, 6
    RECORDS, GAP, PING, PONG, ERROR, GOODBYE = 7, 8, 9, 10, 11, 12


class Role(enum.IntEnum):
    OBSERVER, MANAGER, FEED, EXECUTOR, RECORDER = 1, 2, 3, 4, 5


class Code(enum.IntEnum):
    """Why the broker refused something or ended a connection."""

    CLOSED, MALFORMED, VERSION, UNKNOWN_TYPE, TOO_LARGE, NO_HELLO, HELLO_LATE, TOKEN = 0, 1, 2, 3, 4, 5, 6, 7
    NOT_ALLOWED, NO_SUCH_TOPIC, TOO_MANY, CONTROL_UNREAD, REFUSALS, STOPPING, USER = 8, 9, 10, 11, 12, 13, 14
    FRAME_LATE = 15


class BusError(Exception):
    """What the broker said in an error or goodbye frame, or what is wrong with a frame that it sent."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} (bus error {int(code)})")
        self.code, self.text = int(code), text


# --- Records


class Quote(NamedTuple):
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal


class Trade(NamedTuple):
    price: Decimal
    size: Decimal
    trade_id: int
    side: str  # of the aggressor: buy, sell or unknown


class Bar(NamedTuple):
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class BarVolume(NamedTuple):
    volume: Decimal
    duration_ns: int
    trade_count: int
    turnover: Decimal


class Depth(NamedTuple):
    price: Decimal
    size: Decimal  # 0 removes the level
    side: str  # bid or ask
    level: int


class FeedStatus(NamedTuple):
    status: str


class FeedGap(NamedTuple):
    """The feed itself missed records, before they came to the bus."""

    first_missing: int
    missing_count: int


class Unknown(NamedTuple):
    """A kind that this client does not know."""

    kind: int
    words: tuple[int, ...]


Body = Union[Quote, Trade, Bar, BarVolume, Depth, FeedStatus, FeedGap, Unknown]


class Record(NamedTuple):
    event_time: int  # ns since 1970, as receive_time
    receive_time: int
    sequence: int
    token: int
    flags: int
    body: Body


_RECORD = struct.Struct("<qqQIBBHqqqq")
_EXACT = Context(prec=20)
_AGGRESSORS = {0: "unknown", 1: "buy", 2: "sell"}
_SIDES = {1: "bid", 2: "ask"}
_STATUSES = {1: "heartbeat", 2: "connected", 3: "disconnected", 4: "ended", 5: "halted", 6: "resumed"}
_CODES = {text: code for table in (_AGGRESSORS, _SIDES, _STATUSES) for code, text in table.items()}
_KINDS = {Quote: 1, Trade: 2, Bar: 3, BarVolume: 4, Depth: 5, FeedStatus: 6, FeedGap: 7}


def _decimal(e8: int) -> Decimal:
    """A word in units of 10^-8, exactly."""
    return Decimal(e8).scaleb(-8, _EXACT)


def _body(kind: int, words: tuple[int, int, int, int]) -> Body:
    a, b, c, d = words
    if kind == 1:
        return Quote(_decimal(a), _decimal(b), _decimal(c), _decimal(d))
    if kind == 2:
        return Trade(_decimal(a), _decimal(b), c, _AGGRESSORS.get(d, str(d)))
    if kind == 3:
        return Bar(_decimal(a), _decimal(b), _decimal(c), _decimal(d))
    if kind == 4:
        return BarVolume(_decimal(a), b, c, _decimal(d))
    if kind == 5:
        return Depth(_decimal(a), _decimal(b), _SIDES.get(c, str(c)), d)
    if kind == 6:
        return FeedStatus(_STATUSES.get(a, str(a)))
    if kind == 7:
        return FeedGap(a, b)
    return Unknown(kind, words)


def decode_records(data: bytes) -> list[Record]:
    """Records of 64 bytes each, as they lie in a records frame and in a tick file."""
    return [
        Record(event_time, receive_time, sequence, token, flags, _body(kind, (a, b, c, d)))
        for event_time, receive_time, sequence, token, kind, flags, _, a, b, c, d in _RECORD.iter_unpack(data)
    ]


def encode_record(record: Record) -> bytes:
    """The 64 bytes of a record."""
    kind, words = _words(record.body)
    return _RECORD.pack(
        record.event_time, record.receive_time, record.sequence, record.token, kind, record.flags, 0, *words)


def _words(body: Body) -> tuple[int, tuple[int, ...]]:
    """The kind and the four words of a body; raises ValueError for a price finer than 10^-8."""
    if isinstance(body, Unknown):
        return body.kind, body.words
    words = []
    for value in body:
        if isinstance(value, Decimal):
            e8 = value.scaleb(8, _EXACT)
            if e8 != int(e8):
                raise ValueError(f"{value} has more than 8 decimals")
            words.append(int(e8))
        else:
            words.append(_CODES[value] if value in _CODES else int(value))
    return _KINDS[type(body)], tuple(words + [0] * (4 - len(words)))


# --- What a subscriber gets


class Message(NamedTuple):
    topic: str
    content: bytes


class Records(NamedTuple):
    token: int
    source: int  # the feed's number
    lossless: bool
    ordinal: int | None  # records of the token that the source sent before, modulo 65,536
    records: list[Record]


class Gap(NamedTuple):
    """The broker dropped market data because this client read too slowly."""

    first_token: int
    last_token: int
    missing_count: int
    source: int  # 65535 for several


class SequenceGap(NamedTuple):
    """The sequence numbers of a feed jumped: these records were never seen here.

    For a client that subscribed to all market data; others get TokenGap.
    """

    source: int
    first_missing: int
    missing_count: int


class TokenGap(NamedTuple):
    """The ordinals of a token's records jumped: so many were never seen here (modulo 65,536)."""

    token: int
    source: int
    missing_count: int


class Connected(NamedTuple):
    """A welcome: the first, or one after a connection was lost; all subscriptions are in force again."""

    broker_pid: int
    session: int
    payload_bytes_max: int
    market_data_bytes_max: int
    control_bytes_max: int
    patterns_max: int


class Disconnected(NamedTuple):
    reason: str


Item = Union[Message, Records, Gap, SequenceGap, TokenGap, Connected, Disconnected]


# --- Frames


class Frame(NamedTuple):
    type: int
    flags: int
    payload: bytes


_HEADER = struct.Struct("<IBBBB")
_LOSSLESS, _COUNTED = 1, 2  # flags of a records frame


def encode(frame_type: FrameType, payload: bytes, flags: int = 0) -> bytes:
    """A header and its payload."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a frame has at most {PAYLOAD_BYTES_MAX} payload bytes, not {len(payload)}")
    return _HEADER.pack(len(payload), frame_type, flags, PROTOCOL_VERSION, 0) + payload


def encode_hello(role: Role, pid: int, identity: str, token: bytes) -> bytes:
    head = struct.pack("<HBBI", PROTOCOL_VERSION, role, 0, pid)
    return encode(FrameType.HELLO, head + _counted(identity.encode(), 255) + _counted(token, 256))


def bus_token(key: bytes, role: Role, identity: str) -> bytes:
    """What a role other than observer shows in its hello; the key is what bus.key beside the socket holds."""
    return hmac.new(key, bytes([role]) + identity.encode(), hashlib.sha256).digest()


def encode_patterns(frame_type: FrameType, patterns: Sequence[str], conflate: bool = False) -> bytes:
    """A subscribe or unsubscribe frame."""
    counted = b"".join(_counted(pattern.encode(), 255) for pattern in patterns)
    return encode(frame_type, bytes([conflate]) + counted)


def encode_publish(topic: str, content: bytes) -> bytes:
    return encode(FrameType.PUBLISH, _counted(topic.encode(), 255) + content)


def encode_records(batch: Records) -> bytes:
    data = b"".join(encode_record(record) for record in batch.records)
    flags = (_LOSSLESS if batch.lossless else 0) | (0 if batch.ordinal is None else _COUNTED)
    prefix = struct.pack("<IHH", batch.token, batch.source, batch.ordinal or 0)
    return encode(FrameType.RECORDS, prefix + data, flags)


def encode_goodbye(code: Code = Code.CLOSED, text: str = "") -> bytes:
    return encode(FrameType.GOODBYE, struct.pack("<H", code) + _counted(text.encode(), 1024))


def _counted(data: bytes, byte_count_max: int) -> bytes:
    if len(data) > byte_count_max:
        raise ValueError(f"{data[:40]!r}... has {len(data)} bytes, at most {byte_count_max} are allowed")
    return struct.pack("<H", len(data)) + data


def decode_counted(payload: bytes, offset: int) -> tuple[str, int]:
    """A text behind its byte count, and the offset after it."""
    (count,) = struct.unpack_from("<H", payload, offset)
    end = offset + 2 + count
    if end > len(payload):
        raise ValueError(f"a text of {count} bytes passes the end of its frame")
    return payload[offset + 2 : end].decode("utf-8"), end


def decode_error(payload: bytes) -> BusError:
    """What an error or goodbye frame says."""
    (code,) = struct.unpack_from("<H", payload)
    return BusError(code, decode_counted(payload, 2)[0])


def decode_item(frame: Frame) -> Item:
    """What a welcome, message, records or gap frame says."""
    payload = frame.payload
    if frame.type == FrameType.WELCOME:
        return Connected(*struct.unpack_from("<4xIQIIII", payload))
    if frame.type == FrameType.MESSAGE:
        topic, end = decode_counted(payload, 0)
        return Message(topic, payload[end:])
    if frame.type == FrameType.RECORDS:
        token, source, count = struct.unpack_from("<IHH", payload)
        if len(payload) == 8:
            raise ValueError("a records frame without a record")
        ordinal = count if frame.flags & _COUNTED else None
        return Records(token, source, bool(frame.flags & _LOSSLESS), ordinal, decode_records(payload[8:]))
    if frame.type == FrameType.GAP:
        return Gap(*struct.unpack("<IIQHxx", payload))
    raise BusError(Code.UNKNOWN_TYPE, f"the broker sent a frame of type {frame.type}, which no client takes")


class FrameReader:
    """Cuts what comes from the socket, in pieces of any size, into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def append(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Frame | None:
        """The next whole frame; checks the header before it waits for the payload."""
        if len(self._buffer) < _HEADER.size:
            return None
        length, type, flags, version, reserved = _HEADER.unpack_from(self._buffer)
        if length > PAYLOAD_BYTES_MAX:
            raise BusError(Code.TOO_LARGE, f"the broker announced a frame of {length} bytes")
        if version != PROTOCOL_VERSION:
            raise BusError(Code.VERSION, f"the broker sent a frame of version {version}")
        if reserved != 0:
            raise BusError(Code.MALFORMED, "the broker sent a frame whose reserved byte is not 0")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return Frame(type, flags, payload)
