#!/usr/bin/env python3
"""ClickHouse's HTTP interface in front of the ClickHouse engine as a library (chDB).

For tests, where a Python package index is at hand and no ClickHouse server is:

    tests/servers/setup
    target/servers/clickhouse/bin/python tests/servers/clickhouse/http_front.py --path data --port 8123

What it does
  * GET / and /ping; queries by GET or POST on /, in the `query` parameter, the
    body, or a multipart form; `param_x`.
  * Every other URL parameter is a ClickHouse setting for that request only:
    each request has its own engine connection (some 1.5 ms). `session_id`
    keeps a connection (temporary tables, SET) between requests.
  * `database`, `default_format`, X-ClickHouse-Database and -Format headers.
  * INSERT ... FORMAT X with the rows in the body: pushed to the engine as they
    arrive; a body cut short cancels the insert.
  * decompress=1 (ClickHouse's blocks: LZ4, NONE; the checksum is verified),
    compress=1 on answers, Content-Encoding and Accept-Encoding lz4 and gzip.
  * Errors: HTTP status, X-ClickHouse-Exception-Code, "Code: N. DB::Exception".
  * GET is read-only, as in the server.
  * Faults, see `Faults`.

What it does not do: the native protocol, CREATE USER and ROLE (one user, with an
optional password, and with the rights and limits that the file of --users
gives it, as `users.xml` does), quotas, KILL QUERY, streaming of answers (an
answer is built in memory), replicated and distributed tables,
system.query_log.

One process per data directory. SIGTERM ends it in some two seconds; a new one on
the same directory waits for the lock.
"""
from __future__ import annotations

import argparse
import base64
import gzip
import hmac
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
import time
import uuid
import zlib
from email.parser import BytesParser
from email.policy import HTTP as HTTP_POLICY
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import lz4.block
import lz4.frame
from chdb.state.sqlitelike import connect
from clickhouse_cityhash.cityhash import CityHash128

# --- ClickHouse's compressed block framing -------------------------------------------
# 16 bytes CityHash128 of what follows, 1 byte method, u32 size of header and
# payload (9 + payload), u32 size when unpacked, payload.
NONE, LZ4 = 0x02, 0x82
MAX_BLOCK = 1 << 30


def _checksum(data: bytes) -> bytes:
    value = CityHash128(data)
    # The module returns (low << 64) | high; the wire has low then high, little-endian.
    return struct.pack("<QQ", (value >> 64) & (2**64 - 1), value & (2**64 - 1))


class BlockReader:
    """Unpacks ClickHouse framing from pieces of any size."""

    def __init__(self, verify: bool = True):
        self.buf = bytearray()
        self.verify = verify

    def feed(self, data: bytes):
        self.buf += data
        while len(self.buf) >= 25:
            method = self.buf[16]
            packed, unpacked = struct.unpack_from("<II", self.buf, 17)
            if packed < 9 or packed > MAX_BLOCK or unpacked > MAX_BLOCK:
                raise EngineError(271, f"bad compressed block header: {packed}/{unpacked}")
            end = 16 + packed
            if len(self.buf) < end:
                return
            body = bytes(self.buf[16:end])
            if self.verify and bytes(self.buf[:16]) != _checksum(body):
                raise EngineError(40, "Checksum doesn't match: corrupted data.")
            payload = body[9:]
            del self.buf[:end]
            if method == LZ4:
                yield lz4.block.decompress(payload, uncompressed_size=unpacked)
            elif method == NONE:
                yield payload
            else:
                raise EngineError(89, f"unknown codec family code: {method:#x}")

    def done(self):
        if self.buf:
            raise EngineError(33, f"Cannot read all data: {len(self.buf)} bytes of a cut block left")


def pack_blocks(data: bytes, size: int = 1 << 20) -> bytes:
    out = bytearray()
    for at in range(0, len(data), size):
        raw = data[at : at + size]
        payload = lz4.block.compress(raw, store_size=False)
        body = struct.pack("<BII", LZ4, 9 + len(payload), len(raw)) + payload
        out += _checksum(body) + body
    return bytes(out)


# --- errors -------------------------------------------------------------------------
class EngineError(Exception):
    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code

    def text(self, version: str) -> str:
        message = str(self)
        if not message.startswith("Code: "):
            message = f"Code: {self.code}. DB::Exception: {message}"
        if "(version " not in message:
            message += f" (version {version} (chdb))"
        return message + "\n"


CODE = re.compile(r"Code: (\d+)\. DB::")


def from_exception(exc: BaseException) -> EngineError:
    if isinstance(exc, EngineError):
        return exc
    text = str(exc)
    found = CODE.search(text)
    if found:
        return EngineError(int(found.group(1)), text[found.start() :].strip())
    return EngineError(1002, f"{type(exc).__name__}: {text}")


# Which error names the server answers with which HTTP status; all others are 500.
HTTP_BY_NAME = {
    401: "REQUIRED_PASSWORD",
    403: "UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED SET_NON_GRANTED_ROLE ACCESS_DENIED",
    400: "BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE"
    " CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER"
    " CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6"
    " CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN"
    " UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST"
    " UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH"
    " VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    404: "UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE"
    " UNKNOWN_DATABASE UNKNOWN_SETTING UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION"
    " UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE",
    413: "QUERY_IS_TOO_LARGE",
    501: "NOT_IMPLEMENTED",
    503: "SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK",
    411: "HTTP_LENGTH_REQUIRED",
    408: "TIMEOUT_EXCEEDED",
}

# --- reading SQL --------------------------------------------------------------------
SKIP = re.compile(
    rb"\s+|--[^\n]*(?:\n|$)|\#[! ][^\n]*(?:\n|$)|/\*.*?\*/"
    rb"|'(?:[^'\\]|\\.|'')*'"
    rb"|`(?:[^`\\]|\\.|``)*`"
    rb'|"(?:[^"\\]|\\.|"")*"',
    re.S,
)
WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
INSERT = re.compile(rb"(?is)^(?:\s|--[^\n]*\n|/\*.*?\*/)*INSERT\b")


def tokens(sql: bytes):
    """(kind, text, start, end) of words and single signs, at the top level of quoting."""
    at = 0
    while at < len(sql):
        hit = SKIP.match(sql, at)
        if hit and hit.end() > at:
            at = hit.end()
            continue
        hit = WORD.match(sql, at)
        if hit:
            yield "word", hit.group().upper(), at, hit.end()
            at = hit.end()
        else:
            yield "sign", sql[at : at + 1], at, at + 1
            at += 1


def split_insert(sql: bytes):
    """For INSERT ... FORMAT X [data]: (head, format, data); otherwise None.

    INSERT ... VALUES (...), INSERT ... SELECT and INSERT ... FROM INFILE are
    left to the engine whole.
    """
    if not INSERT.match(sql):
        return None
    depth, want = 0, None
    for kind, text, start, end in tokens(sql):
        if text == b"(":
            depth += 1
        elif text == b")":
            depth -= 1
        elif kind == "word" and depth == 0:
            if want is not None:
                name = sql[start:end].decode()
                rest = sql[end:]
                # One line end, or blanks up to it, part the statement from its data.
                gap = re.match(rb"[ \t]*;?[ \t]*(?:\r?\n)?", rest)
                return sql[:want], name, rest[gap.end() :]
            if text in (b"VALUES", b"SELECT", b"WITH", b"WATCH", b"INFILE"):
                return None
            if text == b"FORMAT":
                want = start
    return None


def one_statement(sql: bytes) -> bytes:
    """The server takes one statement a request; the engine alone would take more."""
    cut = None
    for kind, text, start, _end in tokens(sql):
        if cut is not None:
            raise EngineError(62, "Syntax error (Multi-statements are not allowed)")
        if kind == "sign" and text == b";":
            cut = start
    return sql[:cut].strip() if cut is not None else sql.strip()


STREAM_ENGINE = re.compile(rb"(?is)\bENGINE\s*=?\s*(Kafka|RabbitMQ|NATS|FileLog|S3Queue)\b")


def refuse_stream_engine(sql: bytes):
    """chDB answers such a CREATE with an error, yet keeps the table, and the data
    directory cannot be opened any more after that. So it never gets there."""
    hit = STREAM_ENGINE.search(sql)
    if hit and re.match(rb"(?is)\s*(CREATE|ATTACH|REPLACE)\b", sql):
        raise EngineError(48, f"Table engine {hit.group(1).decode()} does not work in chDB (no streaming pool)")


def quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]*$")
# URL parameters of the interface itself; everything else is a setting.
RESERVED = {
    "query", "database", "default_format", "user", "password", "quota_key", "query_id",
    "session_id", "session_timeout", "session_check", "close_session", "stacktrace",
    "compress", "decompress", "buffer_size", "wait_end_of_query", "role",
    "client_protocol_version", "http_native_compression_disable_checksumming_on_decompress",
}  # fmt: skip


class Engine:
    def __init__(self, path: str, wait: float, users: str | None):
        # The engine looks for the users of a server only where a file of configuration is named, which it is itself.
        self.path = f"file:{path}?config-file={os.path.abspath(users)}" if users else path
        until = time.monotonic() + wait
        while True:  # an engine which was told to stop holds its lock for some 2 seconds more
            try:
                self.master = connect(self.path)  # keeps the engine up while requests come and go
                break
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.25)
        self.version = str(self.master.query("SELECT version()", "TSV")).strip()
        self.timezone = str(self.master.query("SELECT timezone()", "TSV")).strip()
        self.status = {}
        names = str(self.master.query("SELECT number, errorCodeToName(number) FROM numbers(1200)", "TSV"))
        by_name = {n: c for c, n in (l.split("\t") for l in names.splitlines() if "\t" in l)}
        for status, group in HTTP_BY_NAME.items():
            for name in group.split():
                if name in by_name:
                    self.status[int(by_name[name])] = status
        self.sessions: dict[str, list] = {}
        self.guard = threading.Lock()

    def open(self, session: str | None, timeout: float, must_exist: bool):
        """A connection of one's own, and what to call when done with it."""
        if session is None:
            conn = connect(self.path)
            return conn, conn.close
        with self.guard:
            now = time.monotonic()
            for key in [k for k, s in self.sessions.items() if s[2] < now and not s[1].locked()]:
                self.sessions.pop(key)[0].close()
            if session not in self.sessions:
                if must_exist:
                    raise EngineError(372, f"Session {session} not found")
                self.sessions[session] = [connect(self.path), threading.Lock(), 0.0]
            entry = self.sessions[session]
            if not entry[1].acquire(blocking=False):
                raise EngineError(373, f"Session {session} is locked by a concurrent client")

        def release():
            entry[2] = time.monotonic() + timeout
            entry[1].release()

        return entry[0], release

    def close(self):
        for entry in self.sessions.values():
            entry[0].close()
        self.master.close()


class Faults:
    """What goes wrong on purpose: a list, PUT as JSON on /faults and in force from the answer on.

    [{"match": "INSERT INTO events", "times": 2, "after": false, "delay_ms": 0,
      "status": 503, "code": 252, "message": "too many parts"}]

    A request whose SQL contains `match` meets the first fault that is not used
    up (`times`, 1 by default). `delay_ms` passes before anything else. Then,
    with `status`, that error is the answer; with "drop": true the connection is
    closed without one; with neither the request goes on, late. "after": true
    carries the query out first: it is the answer that is lost.

    GET /faults tells the list with the `times` that are left.
    """

    def __init__(self):
        self.plan: list[dict] = []
        self.guard = threading.Lock()

    def put(self, text: bytes):
        plan = json.loads(text)
        known = {"match", "times", "after", "delay_ms", "status", "code", "message", "drop"}
        for fault in plan:
            if not known.issuperset(fault):
                raise EngineError(36, f"unknown keys of a fault: {sorted(set(fault) - known)}")
            fault.setdefault("times", 1)
        with self.guard:
            self.plan = plan

    def told(self) -> bytes:
        with self.guard:
            return json.dumps(self.plan).encode()

    def take(self, sql: bytes) -> dict:
        with self.guard:
            for fault in self.plan:
                if fault["times"] > 0 and fault.get("match", "").encode() in sql:
                    fault["times"] -= 1
                    return fault
        return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "alongside-tests"
    disable_nagle_algorithm = True
    engine: Engine
    faults: Faults
    user = "default"
    password = ""
    verbose = False

    # --- plumbing
    def log_message(self, fmt, *args):
        if self.verbose:
            super().log_message(fmt, *args)

    def setup(self):
        super().setup()
        self.server.live.add(self.connection)

    def finish(self):
        self.server.live.discard(self.connection)
        super().finish()

    def body_pieces(self):
        """The request's body as it arrives; raises when it was cut short."""
        self.body_read = True
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while True:
                line = self.rfile.readline(1024)
                if not line.endswith(b"\n"):
                    raise EngineError(3, "Unexpected end of the chunked request body")
                size = int(line.split(b";")[0].strip() or b"x", 16)
                left = size
                while left:
                    piece = self.rfile.read1(min(left, 1 << 18))
                    if not piece:
                        raise EngineError(3, "Unexpected end of the chunked request body")
                    left -= len(piece)
                    yield piece
                self.rfile.readline(8)
                if size == 0:
                    return
        else:
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                piece = self.rfile.read1(min(left, 1 << 18))
                if not piece:
                    raise EngineError(3, "Unexpected end of the request body")
                left -= len(piece)
                yield piece

    def unpacked_pieces(self, framed: bool, verify: bool):
        pieces = self.body_pieces()
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        if encoding in ("gzip", "deflate"):
            z = zlib.decompressobj(31 if encoding == "gzip" else 15)
            pieces = (z.decompress(p) for p in pieces)
        elif encoding == "lz4":
            d = lz4.frame.LZ4FrameDecompressor()
            pieces = (d.decompress(p) for p in pieces)
        elif encoding not in ("", "identity"):
            raise EngineError(48, f"Unknown compression method: {encoding}")
        if not framed:
            yield from pieces
            return
        reader = BlockReader(verify)
        for piece in pieces:
            yield from reader.feed(piece)
        reader.done()

    def answer(self, status: int, body: bytes, headers: dict[str, str]):
        if not self.body_read:  # an unread body would be taken for the next request
            self.close_connection = True
        accepts = [a.split(";")[0].strip().lower() for a in self.headers.get("Accept-Encoding", "").split(",")]
        if headers.pop("framed", None):
            body = pack_blocks(body)
        elif body and "lz4" in accepts:
            body, headers["Content-Encoding"] = lz4.frame.compress(body), "lz4"
        elif len(body) > 1024 and "gzip" in accepts:
            body, headers["Content-Encoding"] = gzip.compress(body, 3), "gzip"
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # --- the interface
    def do_GET(self):
        self.handle_query()

    def do_HEAD(self):
        self.handle_query()

    def do_POST(self):
        self.handle_query()

    def do_PUT(self):
        self.handle_query()

    def do_OPTIONS(self):
        self.body_read = True
        self.answer(204, b"", {"Access-Control-Allow-Methods": "POST, GET, OPTIONS"})

    def check_user(self, args: dict):
        user = self.headers.get("X-ClickHouse-User") or args.get("user")
        key = self.headers.get("X-ClickHouse-Key") or args.get("password")
        auth = self.headers.get("Authorization", "")
        if auth.startswith("Basic "):
            user, _, key = base64.b64decode(auth[6:]).decode("utf-8", "replace").partition(":")
        user, key = user or "default", key or ""
        if user != self.user or not hmac.compare_digest(key.encode(), self.password.encode()):
            raise EngineError(
                516, f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
            )

    def handle_query(self):
        self.body_read = not (self.headers.get("Transfer-Encoding") or int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        args = dict(parse_qsl(url.query, keep_blank_values=True))
        query_id = args.get("query_id") or str(uuid.uuid4())
        headers = {
            "X-ClickHouse-Server-Display-Name": "chdb",
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": self.engine.timezone,
        }
        started = time.monotonic()
        sql_seen = b""
        try:
            if url.path == "/ping" or (url.path == "/" and self.command != "POST" and "query" not in args):
                return self.answer(200, b"Ok.\n", {"Content-Type": "text/html; charset=UTF-8"})
            if url.path == "/faults":
                if self.command == "PUT":
                    self.faults.put(b"".join(self.body_pieces()))
                return self.answer(200, self.faults.told(), {"Content-Type": "application/json"})
            if url.path == "/replicas_status":
                return self.answer(200, b"Ok.\n", {"Content-Type": "text/plain; charset=UTF-8"})
            if url.path != "/":
                return self.answer(404, f"There is no handle {url.path}\n".encode(), {"Content-Type": "text/plain"})
            self.check_user(args)

            framed = args.get("decompress") == "1"
            verify = args.get("http_native_compression_disable_checksumming_on_decompress") != "1"
            pieces = self.unpacked_pieces(framed, verify)
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("multipart/form-data"):
                raw = b"".join(pieces)
                form = BytesParser(policy=HTTP_POLICY).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
                for part in form.iter_parts():
                    name = part.get_param("name", header="content-disposition")
                    args[name] = part.get_payload(decode=True).decode("utf-8", "surrogateescape")
                pieces = iter(())

            params = {k[6:]: v for k, v in args.items() if k.startswith("param_")}
            settings = {k: v for k, v in args.items() if not k.startswith("param_") and k not in RESERVED}
            sql = args.get("query", "").encode("utf-8", "surrogateescape")
            insert = split_insert(sql)
            if insert is None:  # the statement, or its end, is in the body
                rest = b"".join(pieces)
                pieces = iter(())
                if rest.strip():
                    sql = sql + b"\n" + rest if sql else rest
                insert = split_insert(sql)
            sql_seen = sql
            if not sql.strip():
                raise EngineError(62, "Syntax error: failed at position 1 (end of query): empty query")

            fault = self.faults.take(sql)
            if not fault.get("after") and self.meet(fault, headers):
                return None

            conn, release = self.engine.open(
                args.get("session_id"), float(args.get("session_timeout", 60)), args.get("session_check") == "1"
            )
            try:
                database = args.get("database") or self.headers.get("X-ClickHouse-Database")
                if database:
                    conn.query("USE `" + database.replace("\\", "\\\\").replace("`", "\\`") + "`")
                for key, value in settings.items():
                    if not NAME.match(key):
                        raise EngineError(115, f"Unknown setting '{key}'")
                    conn.query(f"SET {key} = {quote(value)}")
                if self.command in ("GET", "HEAD") and "session_id" not in args:
                    conn.query("SET readonly = 2")
                if insert is not None:
                    body, summary, fmt = self.insert(conn, insert, pieces)
                else:
                    refuse_stream_engine(sql)
                    fmt = args.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
                    result = conn.query(one_statement(sql).decode("utf-8", "surrogateescape"), fmt, params=params)
                    body = bytes(result.bytes())
                    summary = {
                        "read_rows": result.storage_rows_read(),
                        "read_bytes": result.storage_bytes_read(),
                        "written_rows": result.rows_written(),
                        "written_bytes": result.bytes_written(),
                        "result_rows": result.rows_read(),
                        "result_bytes": result.bytes_read(),
                    }
            finally:
                release()
            for _ in pieces:  # nothing may be left for the next request on this connection
                pass
            summary["elapsed_ns"] = int((time.monotonic() - started) * 1e9)
            headers["X-ClickHouse-Summary"] = json.dumps({k: str(v) for k, v in summary.items()})
            headers["X-ClickHouse-Format"] = fmt
            headers["Content-Type"] = "application/octet-stream" if "Binary" in fmt else "text/plain; charset=UTF-8"
            if args.get("compress") == "1":
                headers["framed"] = "1"
            if fault.get("after") and self.meet(fault, headers):
                return None
            self.answer(200, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as exc:  # noqa: BLE001 - every failure is an answer
            error = from_exception(exc)
            if self.verbose:
                print(f"{error.code}: {str(error)[:500]}\n  in: {sql_seen[:300]!r}", file=sys.stderr)
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            headers["Content-Type"] = "text/plain; charset=UTF-8"
            try:
                self.answer(self.engine.status.get(error.code, 500), error.text(self.engine.version).encode(), headers)
            except OSError:
                self.close_connection = True

    def insert(self, conn, insert, pieces):
        head, fmt, inline = insert
        stream = conn.send_insert(head.decode("utf-8", "surrogateescape"), fmt)
        rows = size = 0
        try:
            if inline:
                size += len(inline)
                stream.append(inline)
            for piece in pieces:
                if piece:
                    size += len(piece)
                    stream.append(piece)
        except BaseException:
            stream.cancel()
            raise
        done = stream.finish()
        rows = done.rows_written
        return b"", {"read_rows": rows, "read_bytes": size, "written_rows": rows, "written_bytes": done.bytes_written}, fmt

    def meet(self, fault, headers) -> bool:
        """True when the request is over."""
        time.sleep(fault.get("delay_ms", 0) / 1000)
        if fault.get("drop"):
            self.close_connection = True
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            return True
        if "status" in fault:
            error = EngineError(fault.get("code", 1002), fault.get("message", "injected fault"))
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            headers["Content-Type"] = "text/plain; charset=UTF-8"
            self.answer(fault["status"], error.text(self.engine.version).encode(), headers)
            return True
        return False


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args):
        self.live: set = set()
        super().__init__(*args)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--path", required=True, help="directory of the data; made if absent")
    ap.add_argument("--host", default="127.0.0.1")
    ap.add_argument("--port", type=int, default=8123, help="0: any free port, printed at the start")
    ap.add_argument("--user", default="default")
    ap.add_argument("--password", default=os.environ.get("CLICKHOUSE_PASSWORD", ""))
    ap.add_argument("--wait", type=float, default=10, help="seconds to wait for another engine to free --path")
    ap.add_argument("--users", help="XML: <users_config> and <user_directories> that name this file, <users> ...")
    ap.add_argument("-v", "--verbose", action="store_true")
    opt = ap.parse_args()

    os.makedirs(opt.path, exist_ok=True)
    Handler.engine = Engine(os.path.abspath(opt.path), opt.wait, opt.users)
    Handler.faults = Faults()
    Handler.user, Handler.password, Handler.verbose = opt.user, opt.password, opt.verbose
    server = Server((opt.host, opt.port), Handler)

    def stop(*_):
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(
        f"ClickHouse {Handler.engine.version} on http://{opt.host}:{server.server_address[1]}/ data {opt.path}",
        flush=True,
    )
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    Handler.engine.close()


if __name__ == "__main__":
    main()
