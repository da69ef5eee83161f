"""glibc's allocator, told to give memory back: a worker lives for months, its messages vary."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_TRIM_BYTES = 128 * 1024
_MMAP_BYTES = 64 * 1024


def settle_memory() -> None:
    """One heap for all threads; blocks of 64 KiB or more are their own, and returned whole.

    Otherwise glibc raises both bounds as it goes, and a flood of messages of all sizes leaves
    holes: 20,000 of them cost 7 MiB for good. To be called before any thread starts. Elsewhere
    than on glibc it does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
