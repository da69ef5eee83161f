# Attacks: the judge's patience, with a handler for every signal there is.
# Limits: wall_ms=400
# Expect: outcome=wall limit=wall
import signal
import time

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda *_: None)
while True:
    time.sleep(1000)
