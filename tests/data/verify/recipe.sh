#!/bin/sh
# Signs example.unsigned.zone with the peers' tools. Run in this directory; needs BIND 9.18 and ldns 1.8.
# The keys are thrown away: the zones are only verified.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20260101000000
to=20360101000000

# keys DIR ALGORITHM [OPTION...]: a KSK with CDS and CDNSKEY, and a ZSK
keys() {
    mkdir "$work/$1"
    ksk=$(dnssec-keygen -q -f KSK -P sync now -K "$work/$1" -a "$2" example.)
    zsk=$(dnssec-keygen -q -K "$work/$1" -a "$2" example.)
}

# bind NAME ALGORITHM [OPTION...]
bind() {
    name=$1
    keys "$name" "$2"
    shift 2
    dnssec-signzone -q -S -x -P -o example. -K "$work/$name" -d "$work" -s $from -e $to -f "$name.zone" -O full "$@" example.unsigned.zone
    cp "$work/dsset-example." "$name.dsset"
}

# ldns NAME ALGORITHM [OPTION...]
ldns() {
    name=$1
    keys "$name" "$2"
    shift 2
    ldns-signzone -o example. -i $from -e $to -f "$name.zone" "$@" example.unsigned.zone "$work/$name/$ksk" "$work/$name/$zsk"
}

bind bind-nsec ED25519
bind bind-nsec3 ECDSAP256SHA256 -3 -
bind bind-opt-out RSASHA256 -3 aabbccdd -H 0 -A
bind bind-ed448 ED448
bind bind-p384 ECDSAP384SHA384 -3 -
bind bind-rsasha1 RSASHA1
ldns ldns-nsec-zonemd ECDSAP256SHA256 -z simple:sha384
ldns ldns-opt-out ED25519 -n -p -t 0
