#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what packages.txt lists and this machine lacks. With -n it only says what is missing (exit code 1 if anything is).
set -u
cd "$(dirname "$0")/.." || exit 1
list=packages.txt
stamp=build/.packages

[ "${1:-}" != "-n" ] && [ "$stamp" -nt "$list" ] && exit 0

mapfile -t wanted < <(sed 's/[[:space:]]*#.*//' "$list" | grep -v '^$')
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install-packages: this is not a Debian system, so nothing is installed here; these packages (or what they" >&2
    echo "are called on your system) have to be there: ${wanted[*]}" >&2
    exit 0
fi
have=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^.i //p' | tr '\n' ' ') "
missing=()
for package in "${wanted[@]}"; do
    case "$have" in *" $package "*) ;; *) missing+=("$package") ;; esac
done

if [ ${#missing[@]} -ne 0 ]; then
    if [ "${1:-}" = "-n" ]; then
        echo "missing: ${missing[*]}"
        exit 1
    fi
    echo "Installing ${#missing[@]} of the ${#wanted[@]} Debian packages in $list: ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "install-packages: not root, and there is no sudo. As root, run:" >&2
            echo "    apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
        echo "(sudo may ask for your password)"
    fi
    install() {
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    }
    if ! { "${as_root[@]}" apt-get update -q && install; }; then
        echo "install-packages: apt-get could not install everything (is there a network, and are these Debian 12's" >&2
        echo "sources?). Needed: ${missing[*]}" >&2
        exit 1
    fi
fi
[ "${1:-}" = "-n" ] && exit 0
mkdir -p build && touch "$stamp"
