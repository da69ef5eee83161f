"""Waits for ever and computes nothing."""

import time

time.sleep(1000)
