from hypothesis import given
from hypothesis import strategies as st

from app.web.gate import Gate, origins_of

GATE = Gate(origins_of(8000), token="secret")


def test_the_own_page_comes_in() -> None:
    for host in ("127.0.0.1:8000", "localhost:8000"):
        assert GATE.refusal("secret", host, None, socket=False) == ""
        assert GATE.refusal("secret", host, f"http://{host}", socket=True) == ""


@given(st.text(), st.text(), st.one_of(st.none(), st.text()), st.booleans())
def test_nobody_comes_in_without_the_token(
    token: str, host: str, origin: str | None, socket: bool
) -> None:
    if token != "secret":
        assert GATE.refusal(token, "127.0.0.1:8000", origin, socket=socket)
    if host.lower() not in GATE.hosts:
        assert GATE.refusal("secret", host, origin, socket=socket)
    if origin is not None and origin.lower() not in GATE.origins:
        assert GATE.refusal("secret", "127.0.0.1:8000", origin, socket=socket)


def test_a_websocket_says_where_it_comes_from() -> None:
    assert GATE.refusal("secret", "127.0.0.1:8000", None, socket=True)


def test_a_proxy_may_show_it_elsewhere() -> None:
    gate = Gate(origins_of(8000, "https://Class.example"), token="secret")
    assert not gate.refusal("secret", "class.example", "https://class.example", socket=True)
    assert gate.refusal("secret", "class.example", "http://class.example", socket=True)


def test_tokens_differ() -> None:
    assert Gate(origins_of(1)).token != Gate(origins_of(1)).token
