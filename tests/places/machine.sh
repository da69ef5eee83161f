#!/bin/sh
# Inside the virtual machine: prepares it for one place and runs the rest of the line there.
#   machine.sh cgroup2|delegated|apparmor COMMAND...
set -e
place=$1
shift
dmesg -n 1 # the kernel's own messages would stand in the middle of our lines
here=$(dirname "$0")
case $place in
cgroup2) ;;
delegated)
    # What each service is started by: see delegated.sh.
    echo '+cpu +cpuset +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
    mv safeexec/safeexec safeexec/safeexec.real
    cp "$here/delegated.sh" safeexec/safeexec
    chmod 755 safeexec/safeexec
    ;;
apparmor)
    # What is here are the files of our image. The cgroups are as systemd and Docker have them: a group for the
    # container, which sees all and may leave it for none.
    apparmor_parser --replace "$here/docker-default"
    mount -o remount,nsdelegate /sys/fs/cgroup
    container=/sys/fs/cgroup/system.slice/docker-$$.scope
    mkdir -p "$container"
    for group in /sys/fs/cgroup /sys/fs/cgroup/system.slice; do
        echo '+cpu +cpuset +memory +pids' >"$group/cgroup.subtree_control"
    done
    set -- unshare --mount --uts --ipc --net --pid --fork \
        sh -c 'echo 0 >"$0/cgroup.procs" && exec unshare --cgroup "$@"' "$container" \
        sh "$here/container.sh" opt/oj-executor "$@"
    ;;
*) echo "machine.sh: no place named $place" >&2 && exit 2 ;;
esac
exec "$@"
