#!/bin/sh
# Inside a virtual machine that has no engine, in namespaces of its own: makes a container of the image whose
# files lie in the current folder, as Docker does where SYS_ADMIN is added and /sys/fs/cgroup is bound.
#   container.sh FOLDER COMMAND...    FOLDER: of the image, the command's current one
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
mount -t tmpfs -o mode=1777 tmp tmp # an emulated disk is slow
mkdir old
pivot_root . old
cd "/$folder"
umount -l /old
rmdir /old
# Docker's profile for whatever is executed next, and Docker's capabilities.
echo 'exec docker-default' >/proc/self/attr/exec
exec setpriv --bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,\
+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap,+sys_admin tini -- "$@"
