"""`cowscope web`: textual-serve's server with a gate, a number of seats, and pages of its own.

Everything lies under the token: `/TOKEN/` is the page, `/TOKEN/ws` the terminal's socket,
`/TOKEN/static/` what the page is made of. No page asks another machine for anything, and its
Content-Security-Policy would not let it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from textual_serve import server as textual_server

from app import bug
from app.said import said
from app.web.gate import Gate, origins_of
from app.web.messages import LONGEST, BadMessageError, pass_on, within
from app.web.seat import LEAVE_SECONDS, Seat
from scenes.errors import SceneError
from scenes.language import TAGS
from scenes.phrases import language

HOST = "127.0.0.1"
_PAGE = Path(__file__).parent / "page"
_TEXTUAL = Path(textual_server.__file__).parent / "static"
_FILES = {
    "page.css": _PAGE / "page.css",
    "page.js": _PAGE / "page.js",
    "textual.js": _TEXTUAL / "js" / "textual.js",
    "xterm.css": _TEXTUAL / "css" / "xterm.css",
    "mono.ttf": _TEXTUAL / "fonts" / "RobotoMono-VariableFont_wght.ttf",
}
"""All that can be asked for by name; there is no folder to list."""
_WORDS = ("starts", "ended", "play_again", "full", "try_again")
"""What the pages say, by the names of their places."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_told(record: logging.LogRecord) -> bool:
    """Whether a line of the log is for the teacher: an error of our own, in one line.

    Strangers that speak no HTTP are answered by 400, and tabs may go at any time.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | ConnectionError):
        return False
    if error is None and record.name == "asyncio":
        return False  # of its loop and its watchers: for who wrote this
    if error is not None and not bug.wants_traceback():
        record.msg, record.args = f"cowscope: {bug.line(said('bug.program'), error)}", ()
        record.exc_info = None
    return True


class WebServer(textual_server.Server):
    """Serves `argv` to as many tabs as there are `seats`."""

    def __init__(
        self, argv: Sequence[str], *, port: int, seats: int, public_url: str = "", gate: Gate
    ) -> None:
        super().__init__("", host=HOST, port=port, title="Cowscope", templates_path=_PAGE)
        self.gate = gate
        self.seats = seats
        self.taken = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        """Seats whose tab is gone: their tasks are cancelled with nobody else's."""
        self._empty = asyncio.Event()
        """Set while no seat is taken."""
        self._empty.set()
        self._argv = argv
        self._base = (public_url or f"http://{HOST}:{port}").rstrip("/")

    @property
    def address(self) -> str:
        """What to open."""
        return f"{self._base}/{self.gate.token}/"

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/{token}/", self.handle_index),
                web.get("/{token}/ws", self.handle_websocket),
                web.get("/{token}/static/{name}", self.handle_file),
            ]
        )
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def on_shutdown(self, app: web.Application) -> None:
        """Hang up on every tab; its seat is then cleared as if the tab had gone."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)
        with contextlib.suppress(TimeoutError):  # the loop ends with this server, tasks and all
            async with asyncio.timeout(2 * LEAVE_SECONDS):
                await self._empty.wait()

    def announce(self, *_: object) -> None:
        """Say where it is, now that it listens."""
        print(said("web.open", seats=self.seats, address=self.address), flush=True)
        print(said("web.key"), flush=True)

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        token = request.path.lstrip("/").partition("/")[0]
        refusal = self.gate.refusal(
            token,
            request.headers.get("Host", ""),
            request.headers.get("Origin"),
            socket=request.path.endswith("/ws"),
        )
        if refusal:
            raise web.HTTPForbidden(text=_line(refusal), headers=_HEADERS)
        try:
            response = await handler(request)
        except web.HTTPNotFound as error:  # the router's own words are not ours
            raise web.HTTPNotFound(text=_line(said("web.no_file")), headers=_HEADERS) from error
        except web.HTTPException as error:
            error.headers.update(_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page; where every seat is taken, one that says so."""
        name = "full.html" if self.taken >= self.seats else "index.html"
        text = (_PAGE / name).read_text(encoding="utf-8")
        socket = f"ws{self._base.removeprefix('http')}/{self.gate.token}/ws"
        if request.headers.get("Host", "").startswith("localhost"):
            socket = socket.replace(f"//{HOST}:", "//localhost:")
        text = text.replace("{socket}", socket).replace("{lang}", TAGS[language()])
        for name in _WORDS:
            words = said(f"web.{name}", seats=self.seats)
            text = text.replace(f"{{{name}}}", html.escape(words))
        return web.Response(text=text, content_type="text/html")

    async def handle_file(self, request: web.Request) -> web.StreamResponse:
        """One of the page's files."""
        path = _FILES.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab's terminal, from its first byte until one of the two sides leaves."""
        if self.taken >= self.seats:
            full = _line(said("web.no_seat", seats=self.seats))
            raise web.HTTPServiceUnavailable(text=full)
        self.taken += 1
        self._empty.clear()
        seat: Seat | None = None
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LONGEST)
        try:
            await socket.prepare(request)
            self._sockets.add(socket)
            seat = Seat(
                self._argv,
                write_bytes=socket.send_bytes,
                write_str=socket.send_str,
                close=socket.close,
                download_manager=self.download_manager,
            )
            width, height = (_cells(request, name) for name in ("width", "height"))
            await seat.start(width, height)
            await self._listen(socket, seat)
            return socket
        finally:
            self._sockets.discard(socket)
            leaving = asyncio.create_task(self._leave(seat))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            await asyncio.shield(leaving)

    async def _leave(self, seat: Seat | None) -> None:
        """The seat is free when its program is gone."""
        try:
            if seat is not None:
                await seat.stop()
        finally:
            self.taken -= 1
            if not self.taken:
                self._empty.set()

    async def _listen(self, socket: web.WebSocketResponse, seat: Seat) -> None:
        """Pass on what the tab sends, until it leaves or sends what no page of ours does."""
        async for message in socket:
            try:
                if message.type != WSMsgType.TEXT:
                    raise BadMessageError
                await pass_on(message.data, seat, socket.send_str)
            except BadMessageError:
                await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)


def _line(why: str) -> str:
    return said("web.refused", why=why) + "\n"


def _cells(request: web.Request, name: str) -> int:
    """A number of columns or rows that a page may ask for."""
    text = request.query.get(name, "")
    usual = {"width": 80, "height": 24}[name]
    return within(int(text)) if text.isascii() and text.isdecimal() and len(text) < 9 else usual


def serve(scene: str | None, *, port: int, seats: int, public_url: str = "") -> int:
    """Serve a scene, or the menu, until it is told to stop; raises SceneError."""
    # A class's visitors are many learners, and none is the one whose progress is kept here.
    options = ["--lang", language(), "--no-progress"]
    argv = [sys.executable, "-P", "-m", "app.cli", *options, *(["play", scene] if scene else [])]
    gate = Gate(origins_of(port, public_url))
    server = WebServer(argv, port=port, seats=seats, public_url=public_url, gate=gate)
    for name in ("aiohttp.server", "asyncio"):
        logging.getLogger(name).addFilter(is_told)
    try:
        web.run_app(
            server._make_app(),
            host=HOST,
            port=port,
            print=server.announce,  # called when all is open; aiohttp's own words are not ours
            access_log=None,
            shutdown_timeout=2 * LEAVE_SECONDS,
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            reason = os.strerror(error.errno or 0)
            raise SceneError(
                said("web.cant_serve", host=HOST, port=str(port), why=reason)
            ) from error
        raise SceneError(said("web.port_taken", port=str(port))) from error
    return 0
