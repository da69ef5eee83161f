#!/bin/sh
# Inside the virtual machine, whose folder is the root of a Debian with systemd: boots that on cgroup v2, in namespaces of
# its own, and runs the rest of the line there.
set -e
cgroups=/sys/fs/cgroup
for controller in cpu cpuset memory pids io; do echo "+$controller" >$cgroups/cgroup.subtree_control; done
mkdir $cgroups/box
# It joins the group before it gets a namespace of them, whose root that is then.
unshare --pid --fork --mount --uts --ipc --propagation private sh -ec '
    echo 0 >/sys/fs/cgroup/box/cgroup.procs
    exec unshare --cgroup sh -ec "
        mount --bind . . && cd \$PWD
        mount -t proc proc proc; mount -t sysfs sys sys; mount -t cgroup2 cgroup2 sys/fs/cgroup
        mount -t tmpfs run run; mount --rbind /dev dev; mount --bind /dev/null dev/console
        mkdir -p old; pivot_root . old; umount -l old
        exec env container=vm /sbin/init </dev/null >/dev/null 2>&1"' &
init() { cat $cgroups/box/init.scope/cgroup.procs 2>/dev/null; }
inside() { nsenter --all --target "$(init)" env --chdir=/ PATH="$PATH" "$@"; }
until [ "$(init)" ] && inside systemctl is-active --quiet multi-user.target; do sleep 1; done 2>/dev/null
inside "$@"
