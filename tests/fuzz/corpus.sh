#!/usr/bin/env bash
# A corpus is a folder of inputs for a fuzzer; git keeps it as one archive, tests/fuzz/corpus/TARGET.tar.
#
#   corpus.sh pack FOLDER ARCHIVE    the same inputs give the same bytes: names sorted, nothing kept of owners and times
#   corpus.sh unpack ARCHIVE FOLDER  into a new or empty folder
#   corpus.sh add ARCHIVE FILE...    packs again with these files among its inputs, under their own names
#
# Not compressed: git compresses it, and stores a new version as its difference from the old one. Links to files are
# packed as files; whatever is neither a file nor a link to one is left out.
set -euo pipefail

die() { printf 'corpus.sh: %s\n' "$*" >&2; exit 1; }

pack() {  # pack FOLDER ARCHIVE: the archive is replaced in one step, or stays as it was
  local folder=$1 archive=$2
  [ -d "$folder" ] || die "no folder $folder"
  find -L "$folder" -type f -printf '%P\0' | LC_ALL=C sort -z |
    tar --create --directory="$folder" --file=- --null --verbatim-files-from --files-from=- --dereference \
      --hard-dereference --format=gnu --owner=0 --group=0 --numeric-owner --mode=0644 --mtime=@0 >"$archive.new" ||
    { rm -f "$archive.new"; die "cannot pack $folder"; }
  mv "$archive.new" "$archive"
}

unpack() {  # unpack ARCHIVE FOLDER
  local archive=$1 folder=$2
  mkdir -p "$folder"
  [ -z "$(ls -A "$folder")" ] || die "$folder is not empty"
  tar --extract --directory="$folder" --no-same-owner --file=- <"$archive"
}

add() {  # add ARCHIVE FILE...
  local archive=$1 folder file
  shift
  folder=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder as it is now
  trap "rm -rf '$folder'" EXIT
  unpack "$archive" "$folder"
  for file in "$@"; do
    [ ! -e "$folder/$(basename -- "$file")" ] || die "$archive has an input called $(basename -- "$file")"
    cp -- "$file" "$folder/"
  done
  pack "$folder" "$archive"
}

case ${1:-}:$# in
  pack:3) pack "$2" "$3" ;;
  unpack:3) unpack "$2" "$3" ;;
  add:[3-9] | add:[1-9][0-9]*) add "${@:2}" ;;
  *) sed -n '4,6s/^#   /usage: /p' "$0" >&2; exit 2 ;;
esac
