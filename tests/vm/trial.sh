#!/bin/sh
# What the bench's own tests run in the guest: `trial.sh WHAT`.
set -u
case $1 in
ends) # with what a script may expect, and exit code 7
    echo "in $(pwd) as $(id -un) with ${2-} on $(uname -s)"
    echo "to stderr" >&2
    read -r _ || echo "stdin is closed"
    seq 200000 | sha256sum
    seq 200000
    for folder in /sys/kernel/config /sys/kernel/debug /tmp /dev/shm; do
        mountpoint $folder >&2
    done
    python3 -m firmware 2>&1
    echo kept >"$OUT/file"
    echo changed >README.md
    sleep 1000 & # holds the output open
    exit 7
    ;;
hangs)
    echo started
    sleep 1000
    ;;
panics)
    echo "kept on the disk" | dd of=/dev/vda conv=fsync status=none
    echo kept >"$OUT/file"
    echo c >/proc/sysrq-trigger
    ;;
reads)
    head -n 1 /dev/vda
    ;;
answers) # on the line between two machines
    echo hello | timeout 300 busybox nc -l -p 7000
    ;;
asks)
    until busybox nc 10.0.0.1 7000 </dev/null | grep hello; do
        sleep 0.2
    done
    ;;
esac
