#!/usr/bin/env bash
# The jest suite over an addon without what only Linux has: the POSIX side, in a folder of its own: tools/jest-portable.sh [jest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

node tools/setup.mjs
node node_modules/cmake-js/bin/cmake-js compile --log-level warn -p "$(nproc)" -O build-portable --CDCOREBUF_PORTABLE=ON

env COREBUF_BINARY="$PWD/build-portable/Release/corebuf.node" node --expose-gc node_modules/jest/bin/jest.js "$@"
