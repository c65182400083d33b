"""Who may come in: the token in the address, the host it names, and the page it comes from.

A server on 127.0.0.1 can be reached by every page that the same browser shows: by its address
(another origin) and by a name that its owner lets point here (DNS rebinding). So the address holds
a token, the Host header must be ours, and a websocket must come from our own page.
Source: RFC 6455 section 10.2 (Origin); RFC 9110 section 7.2 (Host).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.said import said

TOKEN_BYTES = 16


@dataclass(frozen=True)
class Gate:
    """Knows the token and the addresses under which the server may be asked."""

    origins: frozenset[str]
    """Such as "http://127.0.0.1:8000"."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(TOKEN_BYTES))

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host header may say."""
        return frozenset(urlsplit(origin).netloc for origin in self.origins)

    def refusal(self, token: str, host: str, origin: str | None, *, socket: bool) -> str:
        """Why a request is turned away, in one line; empty if it may come in.

        `origin` is None where the header is missing: pages are asked for without one, but every
        browser sends it with a websocket.
        """
        if host.lower() not in self.hosts:
            return said("web.other_host", host=host or said("web.nameless"))
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return said("web.no_token")
        if origin is None:
            return said("web.no_origin") if socket else ""
        if origin.lower() not in self.origins:
            return said("web.other_origin", origin=origin)
        return ""


def origins_of(port: int, public_url: str = "") -> frozenset[str]:
    """The origins of a server on 127.0.0.1 and, where a proxy shows it elsewhere, that one."""
    ours = {f"http://127.0.0.1:{port}", f"http://localhost:{port}"}
    if public_url:
        parts = urlsplit(public_url)
        ours.add(f"{parts.scheme}://{parts.netloc}".lower())
    return frozenset(ours)
