"""URLs: what is connected to, what may be told, where a redirect leads."""

import pytest

from executor.blobs.errors import Reason, Unavailable
from executor.blobs.url import Url

PARSED = [
    # URL, origin, target, shown
    ("http://a.org", "http://a.org", "/", "http://a.org/"),
    ("HTTP://A.org:80/x", "http://a.org", "/x", "http://a.org/x"),
    ("https://a.org:443/x?y=1#z", "https://a.org", "/x?y=1", "https://a.org/x"),
    ("https://a.org:80/", "https://a.org:80", "/", "https://a.org:80/"),
    ("http://u:p@a.org/x", "http://a.org", "/x", "http://a.org/x"),
    ("http://a.org/a b\r\nHost: x", "http://a.org", "/a%20b%0D%0AHost:%20x", None),
    ("http://a.org/../../x/./y", "http://a.org", "/x/y", "http://a.org/x/y"),
    ("http://a.org/%C3%BC/ü", "http://a.org", "/%C3%BC/%C3%BC", None),
    ("http://[::1]:81/x", "http://[::1]:81", "/x", "http://[::1]:81/x"),
    ("http://a.org\\@b.org/", "http://a.org", "/%5C@b.org/", None),
    ("http://b.org@a.org/", "http://a.org", "/", "http://a.org/"),
]


@pytest.mark.parametrize(("text", "origin", "target", "shown"), PARSED)
def test_a_url_is_taken_apart(text: str, origin: str, target: str, shown: str | None) -> None:
    url = Url.parse(text)
    assert (url.origin, url.target) == (origin, target)
    assert str(url) == (shown or origin + target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.org",
        "/x",
        "//a.org/x",
        "http://",
        "http:///x",
        "http://:80/",
        "http://a.org:99999/",
        "http://a.org:x/",
        "http://[::1/",
        "http://ü.org/",
        "http://a b.org/",
        "ftp://a.org/x",
        "file:///etc/passwd",
        "gopher://a.org:70/x",
        "unix:///run/docker.sock",
    ],
)
def test_what_is_no_url_of_http_is_refused(text: str) -> None:
    with pytest.raises(Unavailable) as caught:
        Url.parse(text)
    assert caught.value.reason is Reason.BAD_URL


def test_a_refusal_does_not_repeat_what_may_be_secret() -> None:
    with pytest.raises(Unavailable) as caught:
        Url.parse("http://user:secret@a.org:99999/")
    assert "secret" not in str(caught.value)


def test_credentials_and_query_are_never_shown() -> None:
    url = Url.parse("https://user:s3cret@a.org/1.in?signature=s3cret")
    assert url.authorization == "Basic dXNlcjpzM2NyZXQ="
    assert str(url) == repr(url) == "https://a.org/1.in"


def test_a_long_url_is_cut() -> None:
    assert len(str(Url.parse("http://a.org/" + "x" * 4000))) == 201


REDIRECTED = [
    # from, Location, to
    ("http://a.org/x/1.in", "2.in", "http://a.org/x/2.in"),
    ("http://a.org/x/1.in", "/2.in?q", "http://a.org/2.in?q"),
    ("http://a.org/x", "//b.org/y", "http://b.org/y"),
    ("http://a.org/x", "https://b.org/y", "https://b.org/y"),
    ("https://a.org/x", "https://b.org:8443/y", "https://b.org:8443/y"),
    ("http://a.org/x", "http://10.0.0.1/y", "http://10.0.0.1/y"),
]


@pytest.mark.parametrize(("start", "location", "to"), REDIRECTED)
def test_a_redirect_leads_somewhere(start: str, location: str, to: str) -> None:
    assert Url.parse(start).redirected(location) == Url.parse(to)


@pytest.mark.parametrize(
    ("start", "location", "told"),
    [
        ("http://a.org/x", "file:///etc/passwd", "no URL"),
        ("http://a.org/x", "ftp://a.org/x", "no URL"),
        ("http://a.org/x", "javascript:alert(1)", "no URL"),
        ("http://a.org/x", "http://[::1/", "no URL"),
        ("http://a.org/x", "http://a.org:99999/", "no URL"),
        ("https://a.org/x", "http://a.org/x", "from https to http"),
    ],
)
def test_a_redirect_that_is_not_followed(start: str, location: str, told: str) -> None:
    with pytest.raises(Unavailable, match=told) as caught:
        Url.parse(start).redirected(location)
    assert caught.value.reason is Reason.REDIRECT


def test_credentials_go_along_to_the_same_host_only() -> None:
    url = Url.parse("http://user:secret@a.org/x")
    assert url.redirected("/y").authorization == url.authorization
    for location in ("http://b.org/y", "https://a.org/y", "http://a.org:81/y"):
        assert url.redirected(location).authorization is None
    assert url.redirected("http://x:y@a.org/").authorization == "Basic eDp5"
