# Attacks: what it was given read-only: its own file, the toolchains, the root.
# Expect: outcome=exited exit_code=0
# Not stopped at user: the program is of the user who gave it its files. Its box is new in each run.
import os
import shutil
import sys


def replace(path: str) -> None:
    with open("new", "w"):
        os.replace("new", path)


attempts = [
    lambda path: os.open(path, os.O_WRONLY),
    lambda path: os.truncate(path, 0),
    lambda path: os.chmod(path, 0o777),
    lambda path: os.chown(path, os.getuid(), os.getgid()),
    lambda path: os.utime(path),
    lambda path: os.utime(path, (0, 0)),
    lambda path: os.setxattr(path, "user.note", b"mine"),
    lambda path: os.rename(path, path + "-moved"),
    lambda path: os.unlink(path),
    replace,
]
for path in ("program.py", "/usr/bin/env", "/usr/bin/python3", "/etc/passwd", "/proc/self/exe"):
    for number, attempt in enumerate(attempts):
        try:
            attempt(path)
        except OSError:
            continue
        sys.exit(f"attempt {number} at {path}")
for folder in ("/", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/run", "/var"):
    try:
        os.mkdir(f"{folder}/new")
    except OSError:
        continue
    sys.exit(f"made a folder in {folder}")
try:
    shutil.rmtree("/usr/lib")
except OSError:
    sys.exit(0)
sys.exit("removed /usr/lib")
