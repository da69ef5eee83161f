#!/bin/sh
# In the place of safeexec: what a service manager or a container engine does on cgroup v2. A group
# is delegated to the service, whose process sits in its root; it sees that root as / and no more.
set -e
group=/sys/fs/cgroup/delegated-$$
mkdir "$group"
echo $$ >"$group/cgroup.procs"
exec unshare --cgroup --mount sh -c '
    umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$0" "$@"
' "$0.real" "$@"
