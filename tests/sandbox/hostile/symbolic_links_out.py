# Attacks: files outside, by symbolic links; and whoever looks into the box afterwards.
# Expect: outcome=exited exit_code=0
import os
import sys

outside = os.environ["HOST_FOLDER"]
targets = {
    "program": f"{outside}/secret",
    "out": f"{outside}/root-only",
    "shadow": "/etc/shadow",
    "up": "../../../../../../../etc/shadow",
    "root": f"/proc/self/root{outside}/secret",
    "parent": f"/proc/1/root{outside}/secret",
    "itself": "itself",
    "new": f"{outside}/new",
}
for name, target in targets.items():
    os.symlink(target, name)
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_CREAT):
        try:
            os.open(name, flags)
        except OSError:
            continue
        sys.exit(f"{name} leads to {target}")
