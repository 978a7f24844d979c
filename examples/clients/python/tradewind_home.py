"""A Tradewind home: where it is, where its broker listens, and the rows that are commands."""

from __future__ import annotations

import os
import pathlib
import sqlite3
import sys
import time
from typing import NamedTuple

#: Room for the longest name in a run directory, which decides whether that directory may be used.
SOCKET_NAME_BYTES_MAX = 48
SUN_PATH_BYTES = 104 if sys.platform == "darwin" else 108


def find_home(option: str | None = None) -> str:
    """The option, else $TRADEWIND_HOME, else ./tradewind-home if it exists, else the data directory."""
    path = option or os.environ.get("TRADEWIND_HOME")
    if path:
        return os.path.realpath(path)
    if os.path.isdir("tradewind-home"):
        return os.path.realpath("tradewind-home")
    if sys.platform == "darwin":
        return os.path.realpath(os.path.expanduser("~/Library/Application Support/Tradewind"))
    data = os.environ.get("XDG_DATA_HOME", "")
    directory = data if data.startswith("/") else os.path.expanduser("~/.local/share")
    return os.path.realpath(directory + "/tradewind")


def socket_path(home: str) -> str:
    """The broker's socket: run/bus.sock in the home, elsewhere when a socket's path may not be so long."""
    path = os.fsencode(home)
    digest = 0xCBF29CE484222325  # FNV-1a, 64 bits
    for byte in path:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    directories = [path + b"/run"]
    runtime = os.environb.get(b"XDG_RUNTIME_DIR", b"")
    if runtime.startswith(b"/"):
        directories.append(runtime + b"/tradewind/%016x" % digest)
    for directory in directories:
        if len(directory) + 1 + SOCKET_NAME_BYTES_MAX + 1 <= SUN_PATH_BYTES:
            return os.fsdecode(directory + b"/bus.sock")
    return f"/tmp/tradewind-{os.getuid()}/{digest:016x}/bus.sock"


class CommandRow(NamedTuple):
    seq: int
    id: str
    status: str  # pending, accepted, executed, failed, superseded or expired
    error: str | None

    @property
    def has_ended(self) -> bool:
        return self.status not in ("pending", "accepted")


class Commands:
    """The table strategy_commands of engine.db; wrong rows are refused by it, as sqlite3.IntegrityError."""

    def __init__(self, home: str) -> None:
        database = os.path.join(home, "engine.db")
        if not os.path.exists(database):
            raise FileNotFoundError(f"{home} has no engine.db: run `tradewind init`")
        if sqlite3.sqlite_version_info < (3, 37):
            raise sqlite3.NotSupportedError(
                f"engine.db needs SQLite 3.37 or later, this Python has {sqlite3.sqlite_version}")
        uri = pathlib.Path(database).as_uri() + "?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # The manager does that.

    def insert(self, strategy: str, command: str, parameters: str = "{}") -> CommandRow:
        """Commits a command for a strategy, by its name or id; `parameters` is a JSON object."""
        (row,) = self._connection.execute(
            "INSERT INTO strategy_commands(strategy_id, command, parameters, issuer) "
            "VALUES (?, ?, ?, 'python') RETURNING seq, id, status, error",
            (strategy, command, parameters)).fetchall()
        return CommandRow(*row)

    def wait(self, seq: int, seconds: float) -> CommandRow:
        """The row once the command has ended, or as it is after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            (row,) = self._connection.execute(
                "SELECT seq, id, status, error FROM strategy_commands WHERE seq = ?", (seq,)).fetchall()
            if CommandRow(*row).has_ended or time.monotonic() >= deadline:
                return CommandRow(*row)
            time.sleep(0.005)

    def close(self) -> None:
        self._connection.close()
