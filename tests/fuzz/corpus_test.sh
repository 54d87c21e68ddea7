#!/usr/bin/env bash
# Tests corpus.sh: archives are reproducible, and unpacking restores what was packed.
set -euo pipefail
corpus=$PWD/$1
scratch=$TEST_TMPDIR/scratch
mkdir "$scratch"
cd "$scratch"

fail() { echo "FAILED: $*" >&2; exit 1; }

# Names that a shell, tar or a line-wise reader could take for something else.
# shellcheck disable=SC2016  # a name, no variable
names=(plain 'two words' $'a new\nline' $'a tab\t' -dash --extract '*' '$HOME' "it's" '"quoted"' '#' '@file' 'a:b' .hidden
  $'no\xffUTF-8' 'é' 'back\slash' '!' "$(printf 'n%.0s' {1..255})" folder/below)

write() {  # write FOLDER NAME...: each input is its own name, and bytes that are no text
  local folder=$1 name
  shift
  for name in "$@"; do
    mkdir -p "$folder/$(dirname -- "$name")"
    printf '%s\0\xff\n' "$name" >"$folder/$name"
  done
}

write first "${names[@]}"
: >first/empty
"$corpus" pack first first.tar
"$corpus" unpack first.tar back
diff -r first back || fail "not what was packed"
[ "$(find back -type f -printf x | wc -c)" -eq $((${#names[@]} + 1)) ] || fail "inputs are missing"

# In another order, with other times and rights, linked in either way, and with a folder that holds nothing.
mapfile -d '' -t reversed < <(printf '%s\0' "${names[@]}" | tac -s '')
write second "${reversed[@]}"
mkdir second/nothing
: >elsewhere
ln -s ../elsewhere second/empty
ln second/plain linked
chmod 600 second/plain
chmod 755 'second/*'
touch -d 2001-02-03 second/-dash
umask 077
LC_ALL=C.UTF-8 "$corpus" pack second second.tar
cmp first.tar second.tar || fail "the same inputs, other bytes"
if tar -tv --numeric-owner --full-time <second.tar | grep -v '^-rw-r--r-- 0/0 .* 1970-01-01 00:00:00 '; then
  fail "these name an owner or a time"
fi
"$corpus" pack back first.tar
cmp first.tar second.tar || fail "unpacked and packed again, other bytes"

# One input more: the archive holds it beside the others, under its own name, once.
write third one-more
"$corpus" add second.tar third/one-more
"$corpus" unpack second.tar more
diff -r more/one-more third/one-more || fail "the input that was added is not there"
rm more/one-more
diff -r first more || fail "the others have changed"
cp second.tar before.tar
if "$corpus" add second.tar third/one-more 2>/dev/null; then fail "a name that is taken was added"; fi
cmp second.tar before.tar || fail "a refused input has changed the archive"

# No inputs: an archive all the same. What is not there, or in the way, is an error and changes nothing.
mkdir none
"$corpus" pack none none.tar
"$corpus" unpack none.tar nothing
[ -z "$(ls -A nothing)" ] || fail "something out of nothing"
if "$corpus" pack missing first.tar 2>/dev/null; then fail "a missing folder was packed"; fi
cmp first.tar before.tar >/dev/null && fail "these differ by one input"
if "$corpus" unpack first.tar back 2>/dev/null; then fail "unpacked over inputs"; fi
if "$corpus" unpack missing.tar other 2>/dev/null; then fail "a missing archive was unpacked"; fi
if "$corpus" 2>usage; then fail "no verb, no error"; fi
[ "$(wc -l <usage)" -eq 3 ] || fail "the usage is not three lines: $(cat usage)"
if compgen -G '*.new' >/dev/null; then fail "a half-written archive was left"; fi
