#!/usr/bin/env bash
# Runs a JavaScript program on arm64, emulated: tools/arm64.sh <node for arm64> <program> [arguments]
# Needs g++-aarch64-linux-gnu and qemu-user-static. The emulator knows neither io_uring nor RWF_DSYNC, and starts no programs.
set -euo pipefail
folder=$(cd "$(dirname "$0")/.." && pwd)
(($# >= 2)) || { sed -n '2,3s/^# //p' "$0" >&2 && exit 2; }

(cd "$folder" && node tools/setup.mjs && node tools/prebuild.mjs arm64)
# It keeps a table of all that is reserved: with less to be had, arenas are smaller.
ulimit -v 300000000
COREBUF_BINARY="$folder/prebuilds/linux-arm64/corebuf.glibc.node" exec qemu-aarch64-static -L /usr/aarch64-linux-gnu "$@"
