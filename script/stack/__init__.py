"""The things a worker lives among: broker, sandbox, workers, a frontend.

Everything here is real and private: free ports on 127.0.0.1, a folder of its own, and nothing
left when it closes. If the process that made it is killed, the kernel ends what it had started,
and the next one removes its folder.
"""

from stack.broker import PrivateBroker
from stack.cluster import Cluster
from stack.frontend import Frontend, wait_until
from stack.node import Node
from stack.process import ProcessEnded
from stack.rundir import RunFolder
from stack.services import ExecutorProcess, Safeexec, Stack

__all__ = [
    "Cluster",
    "ExecutorProcess",
    "Frontend",
    "Node",
    "PrivateBroker",
    "ProcessEnded",
    "RunFolder",
    "Safeexec",
    "Stack",
    "wait_until",
]
