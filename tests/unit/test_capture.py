import pytest

from executor.judge.capture import Capture


def fed(capture: Capture, *chunks: bytes) -> Capture:
    for chunk in chunks:
        capture.feed(memoryview(chunk))
    return capture


def test_the_first_bytes_are_kept_and_the_cut_is_told() -> None:
    capture = fed(Capture(5), b"abc", b"def", b"ghi")
    assert (capture.text(), capture.truncated) == ("abcde", True)


def test_what_fits_exactly_is_not_cut() -> None:
    capture = fed(Capture(3), b"abc")
    assert (capture.text(), capture.truncated) == ("abc", False)


@pytest.mark.parametrize(("keep", "text"), [(1, "x"), (2, "x"), (3, "x"), (4, "x€"), (5, "x€")])
def test_a_cut_breaks_no_character(keep: int, text: str) -> None:
    assert fed(Capture(keep), "x€€".encode()).text() == text


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert fed(Capture(9), b"a\xffb").text() == "a\ufffdb"
    assert fed(Capture(3), b"a\xff\x80\x80\x80").text() == "a\ufffd\ufffd"


@pytest.mark.parametrize(
    "chunks",
    [(b"x MemoryError",), (b"x Mem", b"oryError y"), (*([bytes([c]) for c in b"MemoryError"]),)],
)
def test_a_text_is_found_across_chunks_though_nothing_is_kept(chunks: tuple[bytes, ...]) -> None:
    assert fed(Capture(0, ["MemoryError", "other"]), *chunks).found


def test_a_text_at_the_start_of_a_line_is_found_in_the_first_line_too() -> None:
    assert fed(Capture(0, ["\nMemoryError"]), b"MemoryError\n").found
    assert not fed(Capture(0, ["\nMemoryError"]), b"no MemoryError\n").found
