# Attacks: the network, by connections to the loopback, to the broker's port, to everybody.
# Expect: outcome=exited exit_code=0
import os
import socket
import sys

tcp, udp = int(os.environ["HOST_TCP"]), int(os.environ["HOST_UDP"])
attempts = [(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)) for port in (tcp, 5672, 22)]
attempts += [
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", udp)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("255.255.255.255", udp)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", tcp)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", tcp)),
    (socket.AF_UNIX, socket.SOCK_STREAM, os.environ["HOST_FOLDER"] + "/stream"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + os.environ["HOST_ABSTRACT"] + "-stream"),
    (socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + os.environ["HOST_ABSTRACT"] + "-dgram"),
    (socket.AF_VSOCK, socket.SOCK_STREAM, (2, 22)),
]
for family, kind, address in attempts:
    try:
        client = socket.socket(family, kind)
        client.connect(address)
        client.send(b"hello")
    except OSError:
        continue
    sys.exit(f"reached {address}")
