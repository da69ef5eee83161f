#!/bin/sh
# Inside a virtual machine that has no engine: makes of the folder COMMAND is to run in, below the current
# one, a container of the image whose files lie here, as Docker does with SYS_ADMIN added.
#   container.sh FOLDER COMMAND...
set -e
folder=$1
shift
ip link set lo up
mount --bind . .
cd "$PWD"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --bind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"
done
for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
    ln -s "/proc/self/${name#*:}" "dev/${name%:*}"
done
mkdir dev/shm dev/mqueue
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t mqueue mqueue dev/mqueue
pivot_root . .
umount -l .
cd "$folder"
# Docker's profile for whatever is executed next, and Docker's capabilities.
echo 'exec docker-default' >/proc/self/attr/exec
exec setpriv --bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,\
+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap,+sys_admin tini -- "$@"
