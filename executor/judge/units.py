"""From the sandbox's units to the contract's."""


def milliseconds(us: int) -> int:
    """Rounded up, so that a time over a limit of whole milliseconds is seen to be over it."""
    return -(-us // 1000)
