#!/usr/bin/env bash
# The jest suite over an addon built with ASan and UBSan, in a folder of its own: tools/jest-asan.sh [jest arguments]
# Node itself is not instrumented: the runtimes are preloaded, and its leaks at exit are not ours to judge.
set -euo pipefail
cd "$(dirname "$0")/.."

node tools/setup.mjs
node node_modules/cmake-js/bin/cmake-js compile --log-level warn -p "$(nproc)" -O build-asan --CDSANITIZE=address,undefined

wrap=()
if setarch -R true 2>/dev/null; then wrap=(setarch -R); fi # as in ctest.sh

env COREBUF_BINARY="$PWD/build-asan/Release/corebuf.node" \
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
  "${wrap[@]}" node --expose-gc node_modules/jest/bin/jest.js --testTimeout 120000 "$@"
