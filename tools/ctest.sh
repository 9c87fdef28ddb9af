#!/usr/bin/env bash
# Builds the C++ tests in one mode and runs them: tools/ctest.sh [release|debug|asan|tsan|portable|musl] [ctest arguments, -R Chain ...]
# `headers` builds no test: it proves that each header of the core compiles alone.
# Each mode has a folder of its own: sanitizers and plain code must not share objects.
# `portable` is the POSIX side, on Linux. `musl` is for Linux with musl, compiled by zig.
# `debug` compiles each file alone, for work on one of them, again and again.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-release}
shift || true
case $mode in
  release | headers) flags=() ;;
  debug) flags=(-DCMAKE_BUILD_TYPE=Debug -DCMAKE_UNITY_BUILD=OFF) ;;
  asan) flags=(-DSANITIZE=address,undefined) ;;
  tsan) flags=(-DSANITIZE=thread) ;;
  portable) flags=(-DCOREBUF_PORTABLE=ON) ;;
  musl)
    # musl and the C++ library become a part of the program. Debian has GoogleTest as sources, too.
    options=$(node tools/zig.mjs linux-x64-musl)
    mapfile -t flags <<<"$options"
    flags+=(-DCOREBUF_GTEST=/usr/src/googletest/googletest -DCOREBUF_WERROR=OFF) # GCC's warnings are the ones that count.
    ;;
  *) echo "ctest.sh: unknown mode '$mode': release, debug, asan, tsan, portable, musl or headers" >&2 && exit 2 ;;
esac
folder=build-test-$mode
jobs=$(nproc)
if command -v ninja >/dev/null; then flags+=(-G Ninja); fi

# The sanitizers of GCC 12 cannot map their shadow where the kernel places libraries with many random bits.
wrap=()
if [[ $mode == ?san ]] && setarch -R true 2>/dev/null; then wrap=(setarch -R); fi

export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
configured=$(cmake -S . -B "$folder" -DCOREBUF_TESTS=ON -DCOREBUF_WERROR="${CI:+ON}" "${flags[@]}" 2>&1) || {
  echo "$configured" >&2
  exit 1
}
if [[ $mode == headers ]]; then exec cmake --build "$folder" --parallel "$jobs" --target all_verify_interface_header_sets; fi
cmake --build "$folder" --parallel "$jobs" --target corebuf_tests
"${wrap[@]}" ctest --test-dir "$folder" --parallel "$jobs" --output-on-failure "$@"
