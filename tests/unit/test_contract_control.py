"""Control messages are few and strict."""

import pytest

from executor.contract import BadControl, Cancel, UnknownControl, decode_control
from executor.contract.control import MAX_CONTROL_BYTES


@pytest.mark.parametrize(
    ("body", "attempt"),
    [
        (b'{"type": "cancel", "id": "s-812"}', None),
        (b'{"type": "cancel", "id": "s-812", "attempt": 2}', 2),
    ],
)
def test_a_cancel_names_a_job_and_maybe_an_attempt(body: bytes, attempt: int | None) -> None:
    cancel = decode_control(body)
    assert cancel == Cancel(type="cancel", id="s-812", attempt=attempt)
    assert decode_control(cancel.encode()) == cancel


@pytest.mark.parametrize("type", ["drain", "prefetch", "Cancel", ""])
def test_another_type_is_of_a_later_version(type: str) -> None:
    with pytest.raises(UnknownControl) as caught:
        decode_control(b'{"type": "%s", "of": ["anything"]}' % type.encode())
    assert str(caught.value) == type


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 4000, "not JSON"),
        (b"cancel", "not JSON"),
        (b"null", "not a JSON object"),
        (b'["cancel", "s-1"]', "not a JSON object"),
        (b"{}", "type: "),
        (b'{"type": 7, "id": "s-1"}', "type: "),
        (b'{"type": "cancel"}', "id: "),
        (b'{"type": "cancel", "id": ""}', "id: "),
        (b'{"type": "cancel", "id": "a b"}', "id: "),
        (b'{"type": "cancel", "id": "s-1\\n"}', "id: "),
        (b'{"type": "cancel", "id": 812}', "id: "),
        (b'{"type": "cancel", "id": "s-1", "attempt": 0}', "attempt: "),
        (b'{"type": "cancel", "id": "s-1", "attempt": "1"}', "attempt: "),
        (b'{"type": "cancel", "id": "s-1", "attempt": true}', "attempt: "),
        (b'{"type": "cancel", "id": "s-1", "why": ""}', "why: "),
        (b'{"type": "cancel", "id": "s-1", "id": "s-2"}', "stands twice"),
        (b'{"type": "cancel", "id": "%s"}' % (b"s" * MAX_CONTROL_BYTES), "over 4096 bytes"),
    ],
)
def test_what_is_no_control_message_is_told_in_one_short_line(body: bytes, told: str) -> None:
    with pytest.raises(BadControl) as caught:
        decode_control(body)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
