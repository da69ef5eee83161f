# Attacks: whoever looks into the box afterwards, by a FIFO, sockets, devices, folders that may not
# be entered and names of any bytes.
# Expect: outcome=exited exit_code=0
import contextlib
import os
import socket
import stat
import sys

os.mkfifo("program", 0o666)
os.mkfifo("Main.class", 0o666)
pair = socket.socketpair()
with contextlib.suppress(OSError):
    pair[0].bind("out")
for kind in (stat.S_IFCHR, stat.S_IFBLK):
    try:
        os.mknod("device", kind | 0o666, os.makedev(1, 1))
    except OSError:
        continue
    sys.exit("made a device")
for name in (b"-rf", b"\n", b"\xff\xfe", b" ", b"$(id)", b"a" * 255):
    os.mkdir(name)
    os.chmod(name, 0)
with open("nobody may read this", "w") as file:
    os.chmod(file.fileno(), 0)
