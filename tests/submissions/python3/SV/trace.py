"""Asks to be traced, by way of the C library: a forbidden call."""

import ctypes

ctypes.CDLL(None).ptrace(0, 0, 0, 0)
