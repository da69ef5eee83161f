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
    # A container's root: Docker's profile, and its capabilities with SYS_ADMIN added.
    apparmor_parser --replace "$here/docker-default"
    set -- aa-exec -p docker-default -- setpriv --bounding-set=-all,+chown,+dac_override,+fowner,\
+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,\
+audit_write,+setfcap,+sys_admin "$@"
    ;;
*) echo "machine.sh: no place named $place" >&2 && exit 2 ;;
esac
exec "$@"
