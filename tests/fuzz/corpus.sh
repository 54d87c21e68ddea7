#!/usr/bin/env bash
# A corpus is a folder of inputs for a fuzzer; git has it as one archive, tests/fuzz/corpus/TARGET.tar.
#
#   corpus.sh pack FOLDER ARCHIVE    reproducible: names are sorted, owners and times are not stored
#   corpus.sh unpack ARCHIVE FOLDER  into a new or empty folder
#   corpus.sh add ARCHIVE FILE...    adds these files to the archive's inputs, under their own names
#
# Not compressed, because git compresses archives and stores a new version as a difference. Links to files are packed as
# files; anything else is left out.
set -euo pipefail

die() { printf 'corpus.sh: %s\n' "$*" >&2; exit 1; }

pack() {  # pack FOLDER ARCHIVE: replaces the archive atomically, or leaves it unchanged on error
  local folder=$1 archive=$2
  [ -d "$folder" ] || die "$folder is not a folder"
  find -L "$folder" -type f -printf '%P\0' | LC_ALL=C sort -z |
    tar --create --directory="$folder" --file=- --null --verbatim-files-from --files-from=- --dereference \
      --hard-dereference --format=gnu --owner=0 --group=0 --numeric-owner --mode=0644 --mtime=@0 >"$archive.new" ||
    { rm -f "$archive.new"; die "cannot pack $folder"; }
  mv "$archive.new" "$archive"
}

unpack() {  # unpack ARCHIVE FOLDER
  local archive=$1 folder=$2
  mkdir -p "$folder"
  [ -z "$(ls -A "$folder")" ] || die "$folder is not empty: choose a new or empty folder"
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
    [ ! -e "$folder/$(basename -- "$file")" ] || die "$archive already has $(basename -- "$file"): rename $file"
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
