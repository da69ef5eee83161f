"""Blobs that are not in the message are fetched, verified, or told why not."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.blobs.crew import SIZE
from executor.blobs.fetch import FetchLimits
from executor.blobs.hosts import Address
from executor.blobs.patience import Patience
from executor.judge.testdata import TestData, TestDataError
from executor.sandbox import Killed, KillSwitch
from stack import wait_until
from tests.judge.blobs import (
    BODY,
    EAGER,
    IMPATIENT,
    OK,
    PATIENT,
    SOON_S,
    Worker,
    got,
    hashed,
    jobs,
    make_testdata,
    opened,
    reason,
    refusal,
    stored,
)
from tests.web import (
    Reply,
    Request,
    Web,
    content,
    drip,
    endless,
    hang,
    one_after_another,
    raw,
    redirect,
    reset,
)


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_what_has_a_hash_is_fetched_once(web: Web, cache: Path, algorithm: str) -> None:
    web.replies["/1.in"] = content(BODY)
    blob = {"url": web.url("/1.in"), **hashed(BODY, algorithm)}
    for _ in range(3):
        assert got(make_testdata(cache), blob) == BODY
    assert web.requests["/1.in"] == 1


def test_a_hash_alone_finds_what_was_fetched_with_either(web: Web, cache: Path) -> None:
    web.replies["/1.in"] = content(BODY)
    testdata = make_testdata(cache)
    got(testdata, {"url": web.url("/1.in"), **hashed(BODY, "sha256")})
    assert got(testdata, hashed(BODY, "sha512")) == BODY
    in_capitals = {"sha256": hashed(BODY, "sha256")["sha256"].upper()}
    assert got(testdata, in_capitals) == BODY


def test_a_hash_alone_that_is_not_cached_is_unavailable(cache: Path) -> None:
    error = refusal(make_testdata(cache), hashed(BODY))
    assert (error.code, error.retryable) == ("testdata_unavailable", True)
    assert reason(error) == "not_cached"
    assert hashed(BODY)["sha512"] in error.message


def test_what_has_no_hash_is_fetched_each_time(web: Web, cache: Path) -> None:
    web.replies["/1.in"] = one_after_another(content(b"old"), content(b"new"))
    testdata = make_testdata(cache)
    assert got(testdata, {"url": web.url("/1.in")}) == b"old"
    assert got(testdata, {"url": web.url("/1.in")}) == b"new"
    assert stored(cache) == []


def test_a_job_fetches_each_blob_once_over_few_connections(web: Web, cache: Path) -> None:
    inputs = []
    for number in range(20):
        body = str(number).encode()
        web.replies[f"/{number}"] = content(body)
        inputs += [{"url": web.url(f"/{number}")}, {"url": web.url(f"/{number}"), **hashed(body)}]
    with opened(make_testdata(cache), *inputs, *inputs) as paths:
        assert [path.read_bytes() for path in paths[::2]] == [b"%d" % n for n in range(20)] * 2
    assert set(web.requests.values()) == {2}
    assert len(web.connections) <= SIZE


def numbered(web: Web, *replies: Reply) -> list[dict[str, str]]:
    """A URL for each reply."""
    web.replies |= {f"/{number}": reply for number, reply in enumerate(replies)}
    return [{"url": web.url(f"/{number}")} for number in range(len(replies))]


def test_several_blobs_are_fetched_at_once_and_never_more(web: Web, cache: Path) -> None:
    """Nobody is answered before as many have asked as may."""
    lock, asking, most = threading.Lock(), [0], [0]
    together = threading.Barrier(SIZE)

    def answer(request: Request) -> None:
        with lock:
            asking[0] += 1
            most[0] = max(most[0], asking[0])
        together.wait(SOON_S)
        with lock:
            asking[0] -= 1
        content(request.path.encode())(request)

    blobs = numbered(web, *[answer] * (5 * SIZE))
    with opened(make_testdata(cache), *blobs) as paths:
        assert [path.read_text() for path in paths] == [f"/{n}" for n in range(5 * SIZE)]
    assert most[0] == SIZE


def test_of_several_failures_the_first_in_the_jobs_order_is_told(web: Web, cache: Path) -> None:
    later = threading.Event()

    def last(request: Request) -> None:
        later.wait(SOON_S)
        content(b"", 404)(request)

    def first(request: Request) -> None:
        content(b"", 403)(request)
        later.set()

    with (
        pytest.raises(TestDataError) as caught,
        opened(make_testdata(cache), *numbered(web, last, first, *[content(BODY)] * SIZE)),
    ):
        pass
    assert later.is_set()
    assert reason(caught.value.error) == "http_status"
    assert "/0: answered 404" in caught.value.error.message


def test_a_failure_ends_what_is_still_fetched_and_begins_nothing_more(
    web: Web, cache: Path
) -> None:
    asked = threading.Barrier(SIZE)

    def fails(request: Request) -> None:
        asked.wait(SOON_S)
        content(b"", 404)(request)

    def hangs(request: Request) -> None:
        asked.wait(SOON_S)
        hang()(request)

    blobs = numbered(web, fails, *[hangs] * (SIZE - 1), *[content(BODY)] * 9)
    testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
    with pytest.raises(TestDataError) as caught, opened(testdata, *blobs):
        pass
    assert reason(caught.value.error) == "http_status"
    assert web.requests.keys() == {f"/{number}" for number in range(SIZE)}


def test_a_hash_alone_finds_what_the_same_job_has_fetched_before(web: Web, cache: Path) -> None:
    late = one_after_another(raw(), content(BODY))  # the second attempt comes after a pause
    [blob] = numbered(web, late)
    with opened(make_testdata(cache), {**blob, **hashed(BODY)}, hashed(BODY)) as paths:
        assert [path.read_bytes() for path in paths] == [BODY, BODY]


def chunked(body: bytes, size: int = 7) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

FETCHED: dict[str, Reply] = {
    "an empty file": content(b""),
    "a failure first": one_after_another(content(b"", 500), content(BODY)),
    "too many requests first": one_after_another(content(b"", 429), content(BODY)),
    "a hang first": one_after_another(hang(), content(BODY)),
    "a broken connection first": one_after_another(raw(), content(BODY)),
    "half of it first": one_after_another(
        raw(OK + b"Content-Length: 4000\r\n\r\n" + BODY[:2000]), content(BODY)
    ),
    "in chunks, without a length": raw(CHUNKED + chunked(BODY)),
    "without a length, until it closes": raw(OK + b"\r\n" + BODY),
    "by HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n" + BODY),
    "longer than told": raw(OK + b"Content-Length: 4000\r\n\r\n" + BODY + b"more"),
    "after 100 Continue": raw(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n" + BODY),
    "with identity as its encoding": content(BODY, Content_Encoding="identity"),
    "in pieces that come slowly": raw(
        OK + b"\r\n", *(BODY[i : i + 99] for i in range(0, 4000, 99))
    ),
    "from where a redirect leads": redirect("/5"),
    "from where a permanent redirect leads": redirect("/1", 308),
}


@pytest.mark.parametrize("reply", FETCHED.values(), ids=FETCHED.keys())
def test_it_is_fetched(web: Web, cache: Path, reply: Reply) -> None:
    for number in range(5, 1, -1):
        web.replies[f"/{number}"] = redirect(f"/{number - 1}", 307)
    web.replies["/1"] = content(BODY)
    web.replies["/x"] = reply
    expected = b"" if reply is FETCHED["an empty file"] else BODY
    limits = IMPATIENT if reply is FETCHED["a hang first"] else EAGER
    assert got(make_testdata(cache, limits=limits), {"url": web.url("/x")}) == expected


# What is not


UNAVAILABLE: dict[str, tuple[Reply, str, str, int]] = {
    # name: reply, reason, text, requests
    "not found": (content(b"secret", 404), "http_status", "answered 404 Not Found", 1),
    "forbidden": (content(b"", 403), "http_status", "answered 403 Forbidden", 1),
    "an unknown status": (content(b"", 799), "http_status", "answered 799", 1),
    "a part of it": (content(BODY, 206), "http_status", "answered 206 Partial Content", 1),
    "not modified": (raw(b"HTTP/1.1 304 X\r\n\r\n"), "http_status", "answered 304", 1),
    "a redirect to nowhere": (content(b"", 302), "http_status", "answered 302 Found", 1),
    "a failure that stays": (content(b"", 503), "http_status", "answered 503", 3),
    "a server that hangs": (hang(), "timeout", "silent for 0.2 s", 3),
    "one that hangs later": (hang(OK + b"\r\n" + BODY), "timeout", "silent for 0.2 s", 3),
    "half of it": (raw(OK + b"Content-Length: 4001\r\n\r\n" + BODY), "unreachable", "broke off", 3),
    "chunks that break off": (raw(CHUNKED + b"5\r\n12"), "unreachable", "broke off", 3),
    "chunks that are none": (raw(CHUNKED + b"x\r\n12"), "unreachable", "broke off", 3),
    "no answer": (raw(), "unreachable", "broke off", 3),
    "a reset": (reset(), "unreachable", "connection reset by peer", 3),
    "a reset in the body": (reset(OK + b"\r\n" + BODY), "unreachable", "", 3),
    "another protocol": (raw(b"SSH-2.0-secret\r\n"), "unreachable", "no HTTP", 3),
    "headers without end": (
        endless(OK, b"X-Filler: " + b"x" * 1000 + b"\r\n"),
        "unreachable",
        "no HTTP",
        3,
    ),
    "a header without end": (endless(OK + b"X: ", b"x" * 9999), "unreachable", "no HTTP", 3),
    "a chunk's head without end": (endless(CHUNKED, b"1" * 9999), "unreachable", "no HTTP", 3),
    "gzip": (
        content(BODY, Content_Encoding="gzip"),
        "content_encoding",
        "although identity was asked for",
        1,
    ),
    "a length over the limit": (
        hang(OK + b"Content-Length: 1048577\r\n\r\n"),
        "too_large",
        "longer than 1048576 bytes",
        1,
    ),
    "more than the limit": (endless(OK + b"\r\n", BODY), "too_large", "longer than 1048576", 1),
    "chunks beyond the limit": (
        endless(CHUNKED, b"f\r\n0123456789abcde\r\n" * 99),
        "too_large",
        "longer than 1048576",
        1,
    ),
    "a redirect to itself": (redirect("/x"), "redirect", "in a circle", 1),
    "a circle of two": (redirect("/y"), "redirect", "in a circle", 1),
    "six redirects": (redirect("/6"), "redirect", "more than 5 redirects", 1),
    "a redirect to a file": (redirect("file:///etc/passwd"), "redirect", "no URL", 1),
    "a redirect to another host": (
        redirect("http://127.0.0.2/secret"),
        "host_not_allowed",
        "http://127.0.0.2: this worker may not",
        1,
    ),
    "a redirect to a name of this host": (
        redirect("//localhost.localdomain.invalid/"),
        "unreachable",
        "localhost.localdomain.invalid: ",
        1,
    ),
}


@pytest.mark.parametrize(
    ("reply", "code", "told", "requests"), UNAVAILABLE.values(), ids=UNAVAILABLE.keys()
)
def test_it_is_unavailable(
    web: Web, cache: Path, reply: Reply, code: str, told: str, requests: int
) -> None:
    for number in range(6, 1, -1):
        web.replies[f"/{number}"] = redirect(f"/{number - 1}")
    web.replies |= {"/x": reply, "/y": redirect("/x"), "/1": content(BODY)}
    limits = IMPATIENT if code == "timeout" else EAGER
    for blob in ({"url": web.url("/x")}, {"url": web.url("/x"), **hashed(BODY)}):
        error = refusal(make_testdata(cache, limits=limits), blob)
        assert (error.code, error.retryable) == ("testdata_unavailable", True)
        assert reason(error) == code
        assert told in error.message
        assert "secret" not in error.message.replace("/secret", "")
        assert web.requests.pop("/x") == requests
    assert stored(cache) == []


@pytest.mark.parametrize(
    "reply",
    [
        drip(OK + b"\r\n", b"x"),
        drip(OK, b"X: y\r\n"),
        drip(OK + b"X: ", b"x"),
        drip(CHUNKED, b"1\r\nx\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "headers", "a header", "chunks", "interim responses"],
)
def test_a_server_that_drips_is_left_at_the_deadline(web: Web, cache: Path, reply: Reply) -> None:
    web.replies["/x"] = reply
    error = refusal(make_testdata(cache, blob_s=0.5), {"url": web.url("/x"), **hashed(BODY)})
    assert reason(error) == "timeout"
    assert "/x: not fetched in 0.5 s" in error.message
    assert stored(cache) == []


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_a_wrong_content_is_a_mismatch_of_both_hashes(
    web: Web, cache: Path, algorithm: str
) -> None:
    web.replies["/x"] = content(b"something else")
    error = refusal(make_testdata(cache), {"url": web.url("/x"), **hashed(BODY, algorithm)})
    assert (error.code, error.retryable) == ("testdata_hash_mismatch", False)
    assert reason(error) == "hash_mismatch"
    assert hashed(BODY, algorithm)[algorithm] in error.message
    assert hashed(b"something else", algorithm)[algorithm] in error.message
    assert "something else" not in error.message
    assert web.requests["/x"] == 1
    assert stored(cache) == []


def test_a_closed_port_is_unreachable(cache: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refusal(
            make_testdata(cache), {"url": f"http://127.0.0.1:{taken.getsockname()[1]}/"}
        )
    assert reason(error) == "unreachable"
    assert "connection refused" in error.message


def test_a_name_that_does_not_exist_is_unreachable(cache: Path) -> None:
    error = refusal(make_testdata(cache), {"url": "http://no-such-host.invalid/"})
    assert reason(error) == "unreachable"
    assert "no-such-host.invalid" in error.message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"HTTP/1.1 ", b"200 ", b"302 ", b"99 ", b"x", b"\0", b"\xff", b" ", b"\r\n"),
                *(b"Content-Length: ", b"-1", b"5", b"5, 6", b"9" * 99, b"Location: ", b"//\xe9/"),
                *(b"Transfer-Encoding: ", b"chunked", b"gzip", b"Content-Encoding: ", b"0", b":"),
                *(OK, CHUNKED, b"Connection: close\r\n", b"http://[", b"HTTP/0.9 ", b"\n"),
            ]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_whatever_a_server_says_is_content_or_a_clear_error(
    web: Web, cache: Path, answer: bytes
) -> None:
    web.replies["/x"] = raw(answer)
    with contextlib.suppress(TestDataError):
        got(make_testdata(cache, limits=FetchLimits(attempts=1)), {"url": web.url("/x")})


# Where it may go


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]"],
)
def test_nothing_in_the_own_network_is_asked_unless_it_is_allowed(
    web: Web, cache: Path, host: str
) -> None:
    web.replies["/x"] = content(BODY)
    error = refusal(make_testdata(cache, hosts="*, 10.0.0.0/8"), {"url": web.url("/x", host)})
    assert reason(error) == "host_not_allowed"
    assert "EXECUTOR_TESTDATA_HOSTS" in error.message
    assert web.requests.total() == 0


def test_another_port_of_an_allowed_host_is_not_allowed(web: Web, cache: Path) -> None:
    web.replies["/x"] = content(BODY)
    error = refusal(make_testdata(cache, hosts="127.0.0.1:1"), {"url": web.url("/x")})
    assert reason(error) == "host_not_allowed"
    assert got(make_testdata(cache, hosts=f"127.0.0.1:{web.port}"), {"url": web.url("/x")}) == BODY


def test_it_connects_to_the_address_that_was_checked(web: Web, cache: Path) -> None:
    """A name whose address changes between the check and the connection changes nothing."""
    answers = iter([["127.0.0.2", "127.0.0.1"], ["127.0.0.2"]])

    def resolve(host: str, port: int, patience: Patience) -> list[Address]:
        return [ip_address(text) for text in next(answers)]

    web.replies |= {"/x": redirect("/y"), "/y": raw(OK + b"Content-Length: 4000\r\n\r\n" + BODY)}
    testdata = make_testdata(cache, resolve=resolve)
    url = web.url("/x", "rebinding.example")
    assert got(testdata, {"url": url}) == BODY
    assert web.headers["Host"] == f"rebinding.example:{web.port}"
    assert len(web.connections) == 2
    error = refusal(testdata, {"url": url})
    assert reason(error) == "host_not_allowed"


def test_proxies_of_the_environment_are_not_used(
    web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    web.replies["/x"] = content(BODY)
    assert got(make_testdata(cache), {"url": web.url("/x")}) == BODY


def test_netrc_and_cookies_are_not_sent(
    web: Web, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    web.replies |= {"/x": content(b"", 302, Location="/y", Set_Cookie="a=b"), "/y": content(BODY)}
    got(make_testdata(cache), {"url": web.url("/x")})
    assert set(web.headers) == {"Host", "Accept-Encoding", "User-Agent"}
    assert web.headers["Accept-Encoding"] == "identity"


def test_credentials_are_sent_and_never_told(
    web: Web, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    web.replies["/x"] = content(BODY)
    url = web.url("/x?token=s3cret", "user:s3cret@127.0.0.1")
    assert got(make_testdata(cache), {"url": url}) == BODY
    assert web.headers["Authorization"] == "Basic dXNlcjpzM2NyZXQ="
    web.replies["/x"] = content(b"", 500)
    told = refusal(make_testdata(cache), {"url": url, **hashed(BODY)}).model_dump_json()
    told += refusal(make_testdata(cache, hosts="*"), {"url": url}).model_dump_json()
    logged = "".join(capfd.readouterr())
    assert "fetch_retried" in logged
    assert "s3cret" not in told + logged


@pytest.fixture
def tls_web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server of https whose certificate is for data.test; the worker trusts it."""
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=data.test"),
            *("-addext", "subjectAltName=DNS:data.test", "-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with Web(context) as web:
        web.replies["/x"] = content(BODY)
        yield web


def to_this_host(host: str, port: int, patience: Patience) -> list[Address]:
    return [ip_address("127.0.0.1")]


def test_https_is_held_against_the_name(tls_web: Web, cache: Path) -> None:
    testdata = make_testdata(cache, resolve=to_this_host)
    blobs = [{"url": tls_web.url(f"/x?{number}", "data.test")} for number in range(3 * SIZE)]
    with opened(testdata, *blobs) as paths:
        assert [path.read_bytes() for path in paths] == [BODY] * len(blobs)
    assert len(tls_web.connections) <= SIZE
    error = refusal(testdata, {"url": tls_web.url("/x", "other.test")})
    assert reason(error) == "tls"
    assert "certificate is not trusted" in error.message


def test_a_certificate_of_an_unknown_authority_is_refused(
    tls_web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    testdata = make_testdata(cache, resolve=to_this_host)
    assert reason(refusal(testdata, {"url": tls_web.url("/x", "data.test")})) == "tls"
    assert tls_web.requests.total() == 0


def test_a_server_that_does_not_speak_tls_is_told(web: Web, cache: Path) -> None:
    url = web.url("/x").replace("http:", "https:")
    assert reason(refusal(make_testdata(cache), {"url": url})) in ("tls", "unreachable")


# Leaving


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port that takes no more connections and does not refuse them either."""
    with socket.socket() as server, contextlib.ExitStack() as clients:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield int(server.getsockname()[1])


def leaves(
    testdata: TestData, blob: dict[str, str], waits: Callable[[], bool], *more: dict[str, str]
) -> None:
    """Pulls the switch once the fetch waits."""
    switch = KillSwitch()

    def pull() -> None:
        wait_until(waits, SOON_S, "it waits")
        switch.pull()

    puller = threading.Thread(target=pull)
    puller.start()
    with pytest.raises(Killed), opened(testdata, blob, *more, switch=switch):
        pass
    puller.join()


@pytest.mark.parametrize("reply", [hang(), drip(OK + b"\r\n", b"x"), hang(OK + b"\r\n" + BODY)])
def test_a_worker_that_must_leave_waits_for_no_server(web: Web, cache: Path, reply: Reply) -> None:
    web.replies["/x"] = reply
    testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
    leaves(testdata, {"url": web.url("/x"), **hashed(BODY)}, lambda: web.requests["/x"] > 0)


def test_a_worker_that_must_leave_waits_for_none_of_several(web: Web, cache: Path) -> None:
    testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
    blobs = numbered(web, *[hang()] * (2 * SIZE))
    leaves(testdata, blobs[0], lambda: len(web.requests) == SIZE, *blobs[1:])


def test_a_worker_that_must_leave_waits_for_no_connection(cache: Path) -> None:
    testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
    with full_backlog() as port:
        url = f"http://127.0.0.1:{port}/"
        leaves(testdata, {"url": url}, lambda: jobs(cache) == 1)


def test_a_worker_that_must_leave_waits_for_no_handshake(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []
        taker = threading.Thread(target=lambda: accepted.append(server.accept()[0]))
        taker.start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
        leaves(testdata, {"url": url}, lambda: len(accepted) > 0)
        taker.join()
        accepted[0].close()


def test_a_worker_that_must_leave_waits_for_no_other_worker(web: Web, cache: Path) -> None:
    web.replies["/x"] = hang()
    blob = {"url": web.url("/x"), **hashed(BODY)}
    with Worker(cache, blob):
        wait_until(lambda: web.requests["/x"] == 1, SOON_S, "the other one fetches")
        leaves(make_testdata(cache, blob_s=600), blob, lambda: jobs(cache) == 2)
    make_testdata(cache)


def test_a_worker_that_must_leave_waits_for_no_second_attempt(web: Web, cache: Path) -> None:
    web.replies["/x"] = content(b"", 503)
    testdata = make_testdata(cache, limits=PATIENT, blob_s=600)
    leaves(testdata, {"url": web.url("/x")}, lambda: web.requests["/x"] > 3)
