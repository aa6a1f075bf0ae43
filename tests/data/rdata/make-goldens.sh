#!/bin/sh
# Writes valid.tsv from valid.txt: type, data, data as BIND prints it, wire form in hex. Origin: "example.".
# Needs named-rrchecker (BIND 9.18 or later). A line that BIND refuses stops the run.
set -eu
cd "$(dirname "$0")"
{
    printf '# Made by make-goldens.sh with %s\n' "$(named -v | cut -d' ' -f1-2)"
    while IFS= read -r line; do
        case $line in '#'*) continue ;; esac
        text=$(printf 'IN %s\n' "$line" | named-rrchecker -p -o example.)
        wire=$(printf 'IN %s\n' "$line" | named-rrchecker -u -o example.)
        printf '%s\t%s\t%s\t%s\n' "${line%% *}" "${line#* }" \
            "$(printf '%s' "$text" | cut -f3-)" "$(printf '%s' "$wire" | cut -f3- | cut -d' ' -f3- | tr -d ' \n')"
    done <valid.txt
} >valid.tsv.new
mv valid.tsv.new valid.tsv
