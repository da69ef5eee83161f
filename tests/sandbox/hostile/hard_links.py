# Attacks: files outside and files given, by hard links to them.
# Expect: outcome=exited exit_code=0
import os
import sys

outside = os.environ["HOST_FOLDER"]
for target in ("/usr/bin/env", "/etc/passwd", f"{outside}/secret", "/proc/self/exe", "/dev/null"):
    for follow in (True, False):
        try:
            os.link(target, "mine", follow_symlinks=follow)
        except OSError:
            continue
        sys.exit(f"linked {target}")
