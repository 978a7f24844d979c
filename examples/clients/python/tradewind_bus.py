#!/usr/bin/env python3
"""A client of the Tradewind bus: Python 3.9 or later, standard library only.

    with BusClient(socket_path(find_home())) as bus:
        bus.subscribe("live_data:*", "strategy:status:*")
        for item in bus:
            if isinstance(item, Records):
                for record in item.records:
                    print(record.sequence, record.body)

tradewind_frames.py has the items and their bytes; README.md shows the command line.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import socket
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NoReturn

from tradewind_continuity import ContinuityCheck
from tradewind_frames import (
    BusError, Code, Connected, Disconnected, Frame, FrameReader, FrameType, Gap, Item, Message, Record,
    Records, Role, SequenceGap, TokenGap, decode_error, decode_item, encode, encode_goodbye, encode_hello,
    encode_patterns, encode_publish, encode_records,
)
from tradewind_home import Commands, find_home, socket_path
from tradewind_text import lines

__all__ = [
    "BusClient", "BusError", "Code", "Connected", "Disconnected", "Gap", "Item", "Message", "Record",
    "Records", "Role", "SequenceGap", "TokenGap", "find_home", "socket_path",
]

WELCOME_SECONDS_MAX = 5.0
REPLY_SECONDS_MAX = 30.0
RECONNECT_SECONDS_MIN, RECONNECT_SECONDS_MAX = 0.01, 1.0
#: The connection stays after these.
REFUSALS = (Code.NOT_ALLOWED, Code.NO_SUCH_TOPIC, Code.TOO_MANY)
#: A new connection may do better after these.
TRANSIENT = (
    Code.CLOSED, Code.HELLO_LATE, Code.TOO_MANY, Code.CONTROL_UNREAD, Code.STOPPING, Code.FRAME_LATE,
)


class BusClient:
    """A connection to the broker that comes back by itself, with its subscriptions. For one thread.

    Iterating gives items as they come. A lost connection is the item Disconnected and its return Connected;
    what a new connection cannot mend is raised as BusError. With `conflate` the broker keeps the latest
    quotes for a client that is too slow for all of them.
    """

    def __init__(
        self, path: str, role: Role = Role.OBSERVER, identity: str = "python", token: bytes = b"",
        conflate: bool = False,
    ) -> None:
        self.path = path
        self._hello = encode_hello(role, os.getpid(), identity, token)
        self._conflate = conflate
        self._socket: socket.socket | None = None
        self._reader = FrameReader()
        self._items: collections.deque[Item] = collections.deque()
        self._patterns: dict[str, None] = {}  # A set that keeps its order.
        self._continuity = ContinuityCheck()
        self._sent: dict[tuple[int, int], int] = {}  # Records by source and token, modulo 65,536.
        self._pings = 0
        self._pong = b""
        self._refusal: BusError | None = None
        self._wait_seconds = RECONNECT_SECONDS_MIN
        self._retry_at: float | None = None

    def __enter__(self) -> BusClient:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> Connected:
        """Connects once; raises OSError when nobody listens and BusError when the broker refuses."""
        self._drop()
        if os.stat(self.path).st_uid != os.getuid():
            raise PermissionError(f"{self.path} belongs to another user")
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(WELCOME_SECONDS_MAX)
            self._socket.connect(self.path)
            self._send(self._hello)
            welcome = self._take(self._answer(time.monotonic() + WELCOME_SECONDS_MAX))
            if not isinstance(welcome, Connected):
                raise BusError(Code.UNKNOWN_TYPE, "the broker's first frame is no welcome")
            self._request_patterns(FrameType.SUBSCRIBE, list(self._patterns))
        except (OSError, BusError):
            self._drop()
            raise
        self._wait_seconds = RECONNECT_SECONDS_MIN
        return welcome

    def close(self) -> None:
        """Says goodbye and closes."""
        with contextlib.suppress(ConnectionError):  # The broker may have gone first.
            if self._socket is not None:
                self._send(encode_goodbye())
        self._drop()

    def subscribe(self, *patterns: str) -> None:
        """Subscribes, now and after every return. Afterwards the retained messages are among the items."""
        known = dict(self._patterns)
        self._continuity.forget_tokens()  # They may have gone on while nobody asked for them.
        self._patterns.update(dict.fromkeys(patterns))
        try:
            self._request_patterns(FrameType.SUBSCRIBE, patterns)
        except BusError:
            self._patterns = known
            raise

    def unsubscribe(self, *patterns: str) -> None:
        for pattern in patterns:
            self._patterns.pop(pattern, None)
        self._request_patterns(FrameType.UNSUBSCRIBE, patterns)

    def publish(self, topic: str, content: bytes | dict[str, object]) -> None:
        """Publishes a JSON object; when it returns, the broker has sent it on."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._request(encode_publish(topic, data))

    def send_records(
        self, token: int, source: int, records: Sequence[Record], lossless: bool = False
    ) -> None:
        """Sends market data of one instrument; for a feed. With `lossless` slow readers make it wait."""
        ordinal = self._sent.get((source, token), 0)
        frame = encode_records(Records(token, source, lossless, ordinal, list(records)))
        self._send(frame, seconds=None if lossless else REPLY_SECONDS_MAX)
        self._sent[source, token] = (ordinal + len(records)) % 65_536

    def ping(self) -> float:
        """The seconds of a round trip to the broker."""
        start = time.monotonic()
        self._request(b"")
        return time.monotonic() - start

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self.next()
            if item is not None:
                yield item

    def next(self, timeout: float | None = None) -> Item | None:
        """The next item, or None after `timeout` seconds without one."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            try:
                if self._socket is None:
                    if not self._wait_to_retry(deadline):
                        return None
                    # It stands before the retained messages that came with the subscriptions.
                    self._items.appendleft(self.connect())
                else:
                    frame = self._receive(deadline)
                    if frame is None:
                        return None
                    self._keep(frame)
            except (OSError, BusError) as error:
                if self._socket is not None:
                    self._items.append(Disconnected(str(error)))
                self._drop()
                if isinstance(error, BusError) and error.code not in TRANSIENT:
                    raise
        return self._items.popleft()

    # Requests

    def _request_patterns(self, frame_type: FrameType, patterns: Sequence[str]) -> None:
        conflate = self._conflate and frame_type == FrameType.SUBSCRIBE
        # A thousand patterns fit into a frame whatever their length.
        frames = [
            encode_patterns(frame_type, patterns[start : start + 1000], conflate)
            for start in range(0, len(patterns), 1000)
        ]
        if frames:
            self._request(b"".join(frames))

    def _request(self, frames: bytes) -> None:
        """Sends frames and a ping behind them: when its pong is back, they have been acted on or refused."""
        self._pings += 1
        ping = struct.pack("<Q", self._pings)
        self._refusal = None
        self._send(frames + encode(FrameType.PING, ping))
        deadline = time.monotonic() + REPLY_SECONDS_MAX
        while self._pong != ping:
            self._keep(self._answer(deadline))
        if self._refusal is not None:
            raise self._refusal

    def _send(self, data: bytes, seconds: float | None = REPLY_SECONDS_MAX) -> None:
        if self._socket is None:
            raise ConnectionError(f"{self.path}: not connected")
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(data)
        except OSError as error:
            # A frame may have been sent in part: nothing can follow it.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            # A broken pipe here must not look like one of standard output.
            raise ConnectionError(f"{self.path}: {error}") from error

    # Frames that come

    def _answer(self, deadline: float) -> Frame:
        frame = self._receive(deadline)
        if frame is None:
            raise ConnectionError(f"{self.path}: the broker did not answer in time")
        return frame

    def _receive(self, deadline: float | None) -> Frame | None:
        """The next frame, or None at the deadline; what came of a frame by then is kept."""
        while True:
            frame = self._reader.next()
            if frame is not None:
                return frame
            if self._socket is None:
                raise ConnectionError(f"{self.path}: not connected")
            try:
                self._socket.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0))
                data = self._socket.recv(262_144)
            except (socket.timeout, BlockingIOError):
                return None
            if not data:
                raise ConnectionError(f"{self.path}: the broker closed the connection")
            self._reader.append(data)

    def _take(self, frame: Frame) -> Item | None:
        """What a frame says; raises what ends the connection."""
        try:
            if frame.type == FrameType.PONG:
                self._pong = frame.payload
                return None
            if frame.type in (FrameType.ERROR, FrameType.GOODBYE):
                error = decode_error(frame.payload)
                if frame.type == FrameType.GOODBYE or error.code not in REFUSALS:
                    raise error
                self._refusal = self._refusal or error
                return None
            return decode_item(frame)
        except (ValueError, struct.error) as error:
            raise BusError(Code.MALFORMED, f"the broker sent a frame that cannot be read: {error}") from error

    def _keep(self, frame: Frame) -> None:
        item = self._take(frame)
        if isinstance(item, Records):
            gaps = self._continuity.gaps_before(item, gets_everything=self._gets_everything)
            if not self._conflate:  # Which leaves records out on purpose.
                self._items.extend(gaps)
        if item is not None:
            self._items.append(item)

    @property
    def _gets_everything(self) -> bool:
        return any(p.endswith("*") and "live_data:".startswith(p[:-1]) for p in self._patterns)

    # Coming back

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._reader = FrameReader()
        self._retry_at = None

    def _wait_to_retry(self, deadline: float | None) -> bool:
        """Waits before the next attempt to connect; False when the deadline comes first."""
        if self._retry_at is None:
            self._retry_at = time.monotonic() + self._wait_seconds * random.uniform(0.5, 1)
            self._wait_seconds = min(self._wait_seconds * 2, RECONNECT_SECONDS_MAX)
        end = self._retry_at if deadline is None else min(self._retry_at, deadline)
        time.sleep(max(end - time.monotonic(), 0))
        return end == self._retry_at


# --- The command line, with the exit codes of `tradewind`


class Failure(Exception):
    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def tail(options: argparse.Namespace) -> int:
    left = options.number
    if options.socket is None and not os.path.isdir(options.home):
        raise Failure(66, f"{options.home} does not exist: run `tradewind init`")
    with BusClient(options.socket or socket_path(options.home), conflate=options.conflate) as bus:
        bus.subscribe(*options.patterns)
        for item in bus:
            if isinstance(item, (Connected, Disconnected)):
                note = "connected again" if isinstance(item, Connected) else f"{item.reason}; trying again"
                print(f"tradewind_bus: {note}", file=sys.stderr, flush=True)
            for line in lines(item)[:left]:
                print(line)
                left = left if left is None else left - 1
            sys.stdout.flush()
            if left == 0:
                break
    return 0


def command(options: argparse.Namespace) -> int:
    """A command is a row. The manager hears of it by a nudge, and without one some milliseconds later."""
    try:
        commands = Commands(options.home)
    except FileNotFoundError as error:
        raise Failure(66, str(error)) from error
    try:
        row = commands.insert(options.name, options.command, options.parameters)
        # Without a broker the manager finds the row by itself.
        with contextlib.suppress(OSError, BusError), BusClient(socket_path(options.home)) as bus:
            bus.publish("manager:nudge", {})
        if options.wait is None:
            print(f"{options.command} queued ({row.id})")
            return 0
        row = commands.wait(row.seq, options.wait)
    except sqlite3.IntegrityError as error:
        raise Failure(65, str(error)) from error
    finally:
        commands.close()
    if not row.has_ended:
        raise Failure(75, f"{options.command} is still {row.status} after {options.wait:g} s")
    if row.status != "executed":
        raise Failure(1, f"{options.command} {row.status}: {row.error or 'no reason given'}")
    print(f"{options.command} executed")
    return 0


class ArgumentParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def argument_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="tradewind_bus.py", description="A client of the Tradewind bus.")
    home = "default: $TRADEWIND_HOME, ./tradewind-home if it exists, your data directory"
    parser.add_argument("--home", metavar="DIR", help=home)
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    verb = verbs.add_parser("tail", help="print what passes, until Ctrl-C")
    verb.add_argument("patterns", nargs="+", metavar="PATTERN", help="live_data:*, strategy:status:*")
    verb.add_argument("--conflate", action="store_true", help="if this reader is slow, only latest quotes")
    verb.add_argument("--socket", metavar="PATH", help="of a broker without a home (`tradewind bus serve`)")
    verb.add_argument("-n", "--number", type=positive, metavar="N", help="end after N lines")
    verb.set_defaults(run=tail)

    verb = verbs.add_parser("command", help="send a command to a strategy")
    verb.add_argument("name", metavar="NAME", help="name or id of the strategy")
    verb.add_argument(
        "command", metavar="COMMAND", help="start, stop, restart, update, pause, resume or flatten")
    verb.add_argument("--parameters", metavar="JSON", default="{}", help="of an update")
    verb.add_argument(
        "--wait", type=float, nargs="?", const=10, metavar="SECONDS", help="wait for the effect (10)")
    verb.set_defaults(run=command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = argument_parser().parse_args(arguments)
        options.home = find_home(options.home)
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who read the output has enough; Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Failure as failure:
        exit_code, text = failure.exit_code, str(failure)
    except BusError as error:
        exit_code, text = 1, str(error)
    except sqlite3.Error as error:
        exit_code, text = 74, f"{options.home}/engine.db: {error}"
    except OSError as error:
        exit_code, text = 69, f"the bus does not answer, is the manager running? {error}"
    print(f"tradewind_bus: {text}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
