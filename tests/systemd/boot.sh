#!/bin/sh
# Become the init process of a machine of its own, in namespaces that hold nothing yet: boot.sh FOLDER PATH...
# Its disk is this one's, each PATH included, but what it writes stays in memory. All of it is gone once it ends.
set -eu
folder=$1
shift
root=$folder/root

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$root"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
for path in "$@"; do
    mkdir -p "$root$path"
    mount --rbind "$path" "$root$path"
    mount -o remount,bind,ro "$root$path"
done

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec,ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s null "$root/dev/console"
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

# The same kinds of control groups as here; the namespace shows our own part of each.
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    while read -r _ _ _ _ place _ rest; do
        case $rest in
        *" - cgroup2 "*) mkdir "$root$place" && mount -t cgroup2 cgroup2 "$root$place" ;;
        *" - cgroup "*)
            kinds=$(printf '%s' "${rest##* }" | tr , '\n' | grep -vE '^(rw|ro|xattr|clone_children|release_agent=.*)$' | paste -sd,)
            case $kinds in name=*) kinds=none,$kinds ;; esac
            mkdir "$root$place" && mount -t cgroup -o "$kinds" cgroup "$root$place"
            ;;
        esac
    done </proc/self/mountinfo
fi

# Nothing that is enabled here starts there, and nothing tidies up what lies about here.
ln -sf /dev/null "$root/etc/systemd/system/systemd-tmpfiles-setup.service"
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/plotd.* "$root"/var/log/journal
cd "$root"
mkdir .before
pivot_root . .before
cd /
umount -l /.before
exec env -i container=plotd PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=basic.target --show-status=no </dev/null
