"""Tests of the client without a broker: the bytes of PROTOCOL.md, and what no broker of ours would send.

Run them with `python3 -m unittest` in this folder.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import re
import socket
import struct
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator
from decimal import Decimal
from unittest import mock

import tradewind_frames as frames
from tradewind_bus import BusClient
from tradewind_frames import BusError, Code, Frame, FrameReader, FrameType, Record, Role
from tradewind_home import SUN_PATH_BYTES, find_home, socket_path
from tradewind_text import decimal_text

PAGE = pathlib.Path(__file__).resolve().parents[3] / "Sources" / "MessageBus" / "PROTOCOL.md"
QUOTE = frames.Quote(Decimal("1.5"), Decimal("1.75"), Decimal(3), Decimal(4))
RECORDS = frames.Records(7, 2, True, None, [Record(5, 6, 9, 7, 0, QUOTE)])


def golden() -> dict[str, bytes]:
    """The hexadecimal examples of the page, by name."""
    blocks = re.findall(r"^```hex (\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return {name: bytes.fromhex(" ".join(text.split())) for name, text in blocks}


GOLDEN = golden()


def read(data: bytes) -> list[Frame]:
    reader = FrameReader()
    reader.append(data)
    return list(iter(reader.next, None))


class PageTests(unittest.TestCase):
    def test_there_is_an_example_of_every_frame_type(self) -> None:
        self.assertEqual(set(GOLDEN), {frame_type.name.lower() for frame_type in FrameType})
        for name, data in GOLDEN.items():
            self.assertEqual([frame.type for frame in read(data)], [FrameType[name.upper()]])

    def test_the_encoders_write_the_bytes_of_the_page(self) -> None:
        written = {
            "hello": frames.encode_hello(Role.EXECUTOR, 258, "s1", b"\xab\xcd"),
            "subscribe": frames.encode_patterns(FrameType.SUBSCRIBE, ["live_data:7", "feed:*"], True),
            "unsubscribe": frames.encode_patterns(FrameType.UNSUBSCRIBE, ["live_data:7"]),
            "publish": frames.encode_publish("manager:nudge", b"{}"),
            "records": frames.encode_records(RECORDS),
            "ping": frames.encode(FrameType.PING, b"\1\2\3\4"),
            "goodbye": frames.encode_goodbye(Code.STOPPING, "stop"),
        }
        for name, data in written.items():
            self.assertEqual(data, GOLDEN[name], name)

    def test_the_decoders_read_what_the_page_says(self) -> None:
        read_items = {
            "welcome": frames.Connected(7, 3, 1 << 20, 8 << 20, 4 << 20, 1 << 16),
            "message": frames.Message("manager:nudge", b"{}"),
            "records": RECORDS,
            "gap": frames.Gap(1, 9, 1000, 2),
        }
        for name, item in read_items.items():
            self.assertEqual(frames.decode_item(read(GOLDEN[name])[0]), item)
        error = frames.decode_error(read(GOLDEN["error"])[0].payload)
        self.assertEqual((error.code, error.text), (Code.NOT_ALLOWED, "refused!"))
        self.assertEqual(read(GOLDEN["pong"])[0].payload, b"\1\2\3\4")


class FrameReaderTests(unittest.TestCase):
    stream = b"".join(GOLDEN.values())

    def test_frames_are_the_same_wherever_the_stream_is_cut(self) -> None:
        whole = read(self.stream)
        self.assertEqual(len(whole), 12)
        for cut in range(len(self.stream)):
            reader = FrameReader()
            found = []
            for part in (self.stream[:cut], self.stream[cut:]):
                reader.append(part)
                found += list(iter(reader.next, None))
            self.assertEqual(found, whole, cut)

    def test_a_header_that_is_wrong_is_refused_before_its_payload_comes(self) -> None:
        for header, code in (
            (struct.pack("<IBBBB", 2**31, 7, 0, 1, 0), Code.TOO_LARGE),
            (struct.pack("<IBBBB", 1_048_577, 7, 0, 1, 0), Code.TOO_LARGE),
            (struct.pack("<IBBBB", 8, 7, 0, 2, 0), Code.VERSION),
            (struct.pack("<IBBBB", 8, 7, 0, 1, 1), Code.MALFORMED),
        ):
            with self.assertRaises(BusError) as caught:
                read(header)
            self.assertEqual(caught.exception.code, code)

    def test_whatever_the_bytes_are_they_are_frames_or_a_bus_error(self) -> None:
        seed = 20260105
        generator = random.Random(seed)
        client = BusClient("/nowhere")
        for number in range(20_000):
            data = bytearray(generator.choice(list(GOLDEN.values())))
            for _ in range(generator.randrange(4)):
                data[generator.randrange(len(data))] = generator.randrange(256)
            # The first four bytes must agree with the length, or most of the frames would only be unfinished.
            data[:4] = struct.pack("<I", len(data) - 8)
            with contextlib.suppress(BusError):
                for frame in read(bytes(data)):
                    client._keep(frame)
            self.assertLessEqual(len(client._items), number + 1, f"seed {seed}, input {number}")


class RecordTests(unittest.TestCase):
    def test_words_are_decimals_without_a_digit_lost(self) -> None:
        for e8 in (0, 1, -1, 99_999_999, 12_345_678_901, 2**63 - 1, -(2**63)):
            bar = struct.pack("<qqQIBBHqqqq", 1, 2, 3, 4, 3, 0, 0, e8, e8, e8, e8)
            (record,) = frames.decode_records(bar)
            assert isinstance(record.body, frames.Bar)
            self.assertEqual(record.body.close * 10**8, e8)
            self.assertEqual(frames.encode_record(record), bar)

    def test_every_kind_survives_the_round_trip_and_an_unknown_one_too(self) -> None:
        for body in (
            QUOTE, frames.Trade(Decimal("0.00000001"), Decimal(2), 77, "sell"),
            frames.Bar(Decimal(1), Decimal(3), Decimal(0), Decimal(2)),
            frames.BarVolume(Decimal(5), 60_000_000_000, 12, Decimal("10.5")),
            frames.Depth(Decimal(1), Decimal(0), "ask", 3), frames.FeedStatus("ended"), frames.FeedGap(5, 2),
            frames.Unknown(99, (1, -2, 3, -4)),
        ):
            record = Record(-1, 2**62, 2**64 - 1, 2**32 - 1, 3, body)
            self.assertEqual(frames.decode_records(frames.encode_record(record)), [record])

    def test_a_price_finer_than_the_scale_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "more than 8 decimals"):
            frames.encode_record(Record(0, 0, 1, 1, 0, QUOTE._replace(bid=Decimal("0.000000001"))))

    def test_decimals_are_printed_without_padding(self) -> None:
        for text in ("0", "99.5", "-100", "0.00000001", "92233720368.54775807"):
            self.assertEqual(decimal_text(Decimal(text).quantize(Decimal("1e-8"))), text)


Script = Callable[[socket.socket, list[Frame]], None]


@contextlib.contextmanager
def peer(*scripts: Script) -> Iterator[str]:
    """A socket whose connections are served by one script each, in turn; gives its path."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        path = directory + "/bus.sock"
        listener.bind(path)
        listener.listen()
        listener.settimeout(10)

        def serve() -> None:
            try:
                for script in scripts:
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(10)
                        script(connection, requests(connection, until=FrameType.HELLO))
            except Exception as error:
                failures.append(error)

        failures: list[Exception] = []
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield path
        finally:
            thread.join(15)
        if failures:
            raise failures[0]


def requests(connection: socket.socket, until: FrameType) -> list[Frame]:
    """What the client sends, up to a frame of a type."""
    reader = FrameReader()
    found: list[Frame] = []
    while not found or found[-1].type != until:
        data = connection.recv(1)
        if not data:
            raise EOFError
        reader.append(data)
        found += list(iter(reader.next, None))
    return found


def welcome(connection: socket.socket) -> list[Frame]:
    """Lets a client in that subscribes; what it sent."""
    connection.sendall(GOLDEN["welcome"])
    found = requests(connection, until=FrameType.PING)
    connection.sendall(frames.encode(FrameType.PONG, found[-1].payload))
    return found


def batch(*sequences: int, token: int = 7, source: int = 2, ordinal: int | None = None) -> bytes:
    records = [Record(0, 0, sequence, token, 0, QUOTE) for sequence in sequences]
    return frames.encode_records(frames.Records(token, source, False, ordinal, records))


class ClientTests(unittest.TestCase):
    def items(self, *data: bytes, pattern: str = "live_data:*", conflate: bool = False) -> list[frames.Item]:
        """What a subscriber makes of some bytes."""
        def script(connection: socket.socket, _: list[Frame]) -> None:
            welcome(connection)
            connection.sendall(b"".join(data))
            requests(connection, until=FrameType.GOODBYE)

        with peer(script) as path, BusClient(path, conflate=conflate) as client:
            client.subscribe(pattern)
            return list(iter(lambda: client.next(timeout=0.2), None))

    def test_jumps_of_a_feeds_sequence_are_told_in_their_place(self) -> None:
        found = self.items(batch(1, 2), batch(5, token=8), batch(4, source=3), batch(6, 8))
        gaps = [item for item in found if isinstance(item, frames.SequenceGap)]
        self.assertEqual(gaps, [frames.SequenceGap(2, 3, 2), frames.SequenceGap(2, 7, 1)])
        self.assertIsInstance(found[1], frames.SequenceGap)

    def test_a_feed_that_begins_again_and_a_part_of_the_market_make_no_gap(self) -> None:
        for data, pattern, conflate in (
            ((batch(8, 9), batch(1, 2)), "live_data:*", False), ((batch(8, 0), batch(9)), "*", False),
            ((batch(1), batch(9)), "live_data:7", False), ((batch(1), batch(9)), "*", True),
        ):
            found = self.items(*data, pattern=pattern, conflate=conflate)
            self.assertEqual([type(item) for item in found], [frames.Records] * 2)

    def test_jumps_of_a_tokens_ordinal_are_told_to_who_does_not_get_all(self) -> None:
        found = self.items(
            batch(1, 2, ordinal=65_533), batch(9, ordinal=65_535), batch(20, ordinal=3),
            batch(21, ordinal=9, source=3), batch(1, ordinal=0), batch(30, ordinal=2), pattern="live_data:7")
        gaps = [item for item in found if not isinstance(item, frames.Records)]
        self.assertEqual(gaps, [frames.TokenGap(7, 2, 3), frames.TokenGap(7, 2, 1)])
        self.assertIsInstance(found[2], frames.TokenGap)

    def test_half_a_frame_waits_for_the_rest(self) -> None:
        half_was_sent, half_was_read = threading.Event(), threading.Event()

        def script(connection: socket.socket, _: list[Frame]) -> None:
            welcome(connection)
            connection.sendall(batch(1)[:40])
            half_was_sent.set()
            half_was_read.wait(10)
            connection.sendall(batch(1)[40:])
            requests(connection, until=FrameType.GOODBYE)

        with peer(script) as path, BusClient(path) as client:
            client.subscribe("live_data:*")
            half_was_sent.wait(10)
            self.assertIsNone(client.next(timeout=0))
            half_was_read.set()
            self.assertIsInstance(client.next(timeout=10), frames.Records)

    def test_a_broker_that_breaks_the_protocol_is_left(self) -> None:
        for data, code in (
            (struct.pack("<IBBBB", 2**31, 6, 0, 1, 0), Code.TOO_LARGE),
            (frames.encode(FrameType.SUBSCRIBE, b"\0"), Code.UNKNOWN_TYPE),
            (struct.pack("<IBBBB", 0, 99, 0, 1, 0), Code.UNKNOWN_TYPE),
            (frames.encode(FrameType.MESSAGE, b"\2\0\xff\xfe{}"), Code.MALFORMED),
            (frames.encode(FrameType.MESSAGE, b"\xff\0ab"), Code.MALFORMED),
            (frames.encode(FrameType.RECORDS, bytes(8 + 63)), Code.MALFORMED),
            (frames.encode(FrameType.RECORDS, bytes(8)), Code.MALFORMED),
            (frames.encode(FrameType.GAP, bytes(19)), Code.MALFORMED),
        ):
            def script(connection: socket.socket, _: list[Frame], data: bytes = data) -> None:
                welcome(connection)
                connection.sendall(data)
                self.assertEqual(connection.recv(1), b"", "the client closes")

            with peer(script) as path, BusClient(path) as client:
                client.subscribe("*")
                with self.assertRaises(BusError) as caught:
                    while client.next(timeout=10) is not None:
                        pass
                self.assertEqual(caught.exception.code, code, data)

    def test_a_refused_handshake_is_raised_with_the_brokers_words(self) -> None:
        def script(connection: socket.socket, _: list[Frame]) -> None:
            connection.sendall(frames.encode(FrameType.ERROR, struct.pack("<HH", 7, 3) + b"no!"))

        with peer(script) as path, self.assertRaisesRegex(BusError, "no! .bus error 7."):
            BusClient(path, Role.FEED, "f").connect()

    def test_a_refusal_is_raised_by_the_request_and_the_connection_stays(self) -> None:
        def script(connection: socket.socket, _: list[Frame]) -> None:
            connection.sendall(GOLDEN["welcome"])
            for answer in (GOLDEN["error"], b""):
                ping = requests(connection, until=FrameType.PING)[-1].payload
                connection.sendall(answer + frames.encode(FrameType.PONG, ping))
            requests(connection, until=FrameType.GOODBYE)

        with peer(script) as path, BusClient(path) as client:
            with self.assertRaisesRegex(BusError, "refused!") as caught:
                client.publish("feed:status:x", {"a": 1})
            self.assertEqual(caught.exception.code, Code.NOT_ALLOWED)
            self.assertLess(client.ping(), 10)

    def test_a_lost_broker_is_told_and_the_next_one_gets_the_same_subscriptions(self) -> None:
        sent: list[list[Frame]] = []

        def first(connection: socket.socket, _: list[Frame]) -> None:
            sent.append(welcome(connection))
            connection.sendall(batch(1) + batch(2)[:20])

        def stopping(connection: socket.socket, _: list[Frame]) -> None:
            connection.sendall(GOLDEN["goodbye"])

        def last(connection: socket.socket, _: list[Frame]) -> None:
            connection.sendall(GOLDEN["welcome"])
            sent.append(requests(connection, until=FrameType.PING))
            retained, pong = GOLDEN["message"], frames.encode(FrameType.PONG, sent[-1][-1].payload)
            connection.sendall(retained + pong + batch(5))
            requests(connection, until=FrameType.GOODBYE)

        with peer(first, stopping, last) as path, BusClient(path) as client:
            client.subscribe("live_data:*", "manager:nudge")
            found = [client.next(timeout=10) for _ in range(6)]
        self.assertEqual(
            [type(item).__name__ for item in found],
            ["Records", "Disconnected", "Connected", "Message", "SequenceGap", "Records"])
        self.assertEqual(found[4], frames.SequenceGap(2, 2, 3))
        self.assertEqual([frame.payload for frame in sent[0][:-1]], [frame.payload for frame in sent[1][:-1]])

    def test_nobody_listening_is_an_os_error_and_no_endless_wait(self) -> None:
        with self.assertRaises(FileNotFoundError):
            BusClient("/no/such/bus.sock").connect()
        self.assertIsNone(BusClient("/no/such/bus.sock").next(timeout=0.05))


class HomeTests(unittest.TestCase):
    def test_the_home_is_found_as_the_engine_finds_it(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            real = os.path.realpath(directory)
            os.symlink(real, real + "/link")
            with mock.patch.dict("os.environ", {"TRADEWIND_HOME": real + "/link"}):
                self.assertEqual(find_home(), real)
                self.assertEqual(find_home(real + "/x"), real + "/x")
            with mock.patch.dict("os.environ", {"XDG_DATA_HOME": real}), mock.patch("sys.platform", "linux"):
                os.environ.pop("TRADEWIND_HOME", None)
                with mock.patch("os.path.isdir", return_value=False):
                    self.assertEqual(find_home(), real + "/tradewind")
                with mock.patch("os.path.isdir", return_value=True):
                    self.assertEqual(find_home(), os.path.realpath("tradewind-home"))

    def test_a_socket_path_that_would_be_too_long_is_found_elsewhere(self) -> None:
        with mock.patch.dict("os.environ", {"XDG_RUNTIME_DIR": "/run/user/7"}):
            self.assertEqual(socket_path("/h"), "/h/run/bus.sock")
            # /run, a slash, a name of 48 bytes and a zero byte have to follow.
            longest = "/" + "h" * (SUN_PATH_BYTES - 55)
            self.assertEqual(socket_path(longest), longest + "/run/bus.sock")
            long = longest + "h"
            self.assertRegex(socket_path(long), r"^/run/user/7/tradewind/[0-9a-f]{16}/bus.sock$")
        with mock.patch.dict("os.environ", clear=True):
            self.assertRegex(socket_path(long), r"^/tmp/tradewind-\d+/[0-9a-f]{16}/bus.sock$")


if __name__ == "__main__":
    unittest.main()
