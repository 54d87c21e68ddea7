#!/usr/bin/env bash
# collect_libraries.sh ROOT BINARY: creates ROOT, the complete file system of an image that runs BINARY.
#
#   deploy/collect_libraries.sh out bazel-bin/gateway/penstock-gateway
#   out/usr/bin/penstock-gateway  out/usr/lib/x86_64-linux-gnu/…  out/etc/ssl/certs/ca-certificates.crt  …
#
# ROOT contains the binary, the shared libraries that ldd finds for it on this machine, the loader, CA certificates and
# the three files of /etc that the C library reads. No shell, no package manager. The same input gives the same tree:
# times are SOURCE_DATE_EPOCH (default 0), modes do not depend on the umask.
set -euo pipefail

die() { echo "collect_libraries.sh: $*" >&2; exit 1; }
[ $# = 2 ] || die "usage: collect_libraries.sh ROOT BINARY"
root=$1 binary=$2
[ -x "$binary" ] || die "$binary is not an executable: build it first"
[ ! -e "$root" ] || die "$root exists already: remove it, or choose another folder"
certificates=/etc/ssl/certs/ca-certificates.crt
[ -s "$certificates" ] || die "$certificates is missing: apt-get install ca-certificates"

# put MODE FROM TO: copies the target of a symbolic link, not the link.
put() { install -D -m "$1" "$(readlink -f "$2")" "$root$3"; }

put 755 "$binary" "/usr/bin/$(basename "$binary")"
# ldd prints "libz.so.1 => /lib/…/libz.so.1 (0x…)", the loader "/lib64/ld-linux-x86-64.so.2 (0x…)", the kernel's
# "linux-vdso.so.1 (0x…)", "libz.so.1 => not found", and fails for a static binary with "not a dynamic executable".
libraries=$(ldd "$binary" 2>&1) || [[ $libraries == *'not a dynamic executable'* ]] || die "ldd $binary: $libraries"
while read -r name arrow path _; do
  case $name:$arrow in
    *:'=>')
      [ "$path" != not ] || die "$binary needs $name, which is not installed here"
      # All in one folder, which the loader searches without a cache, in every Debian release.
      put 644 "$path" "/usr/lib/$(basename "$(dirname "$path")")/$name" ;;
    /*) put 755 "$name" "$name" ;;
  esac
done <<< "$libraries"

put 644 "$certificates" "$certificates"
# OpenSSL's default location.
mkdir -p "$root/usr/lib/ssl"
ln -s "$certificates" "$root/usr/lib/ssl/cert.pem"
echo 'penstock:x:65532:65532:penstock:/:/usr/sbin/nologin' > "$root/etc/passwd"
echo 'penstock:x:65532:' > "$root/etc/group"
# Without it, names would be looked up in DNS before /etc/hosts.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"

chmod 644 "$root/etc/passwd" "$root/etc/group" "$root/etc/nsswitch.conf"
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:-0}" {} +
