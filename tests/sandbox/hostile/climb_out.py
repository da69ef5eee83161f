# Attacks: files outside, by every way up: dots, /proc, an open folder that is moved.
# Expect: outcome=exited exit_code=0
import os
import sys

outside = os.environ["HOST_FOLDER"].lstrip("/")
os.makedirs("a/b")
inner = os.open("a/b", os.O_RDONLY | os.O_DIRECTORY)
os.rename("a/b", "b")
up = "../" * 40
starts = [
    "/",
    up,
    "/usr/" + up,
    f"/proc/self/cwd/{up}",
    "/proc/self/root/",
    f"/proc/self/root/{up}",
]
starts += [f"/proc/self/fd/{inner}/{up}", f"/proc/self/task/{os.getpid()}/root/", f"/tmp/{up}"]
for start in starts:
    for name in ("secret", "root-only"):
        try:
            os.open(f"{start}{outside}/{name}", os.O_RDONLY)
        except OSError:
            continue
        sys.exit(f"found {name} from {start}")
os.fchdir(inner)
for _ in range(40):
    os.chdir("..")
try:
    os.open(f"{outside}/secret", os.O_RDONLY)
except OSError:
    sys.exit(0)
sys.exit("climbed out")
