#!/usr/bin/env bash
# clang-tidy over the core: tools/tidy.sh [clang-tidy arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -S . -B build-tidy >/dev/null
find native -path native/node -prune -o -name '*.cc' ! -name '*_test.cc' -print0 |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p build-tidy "$@"
