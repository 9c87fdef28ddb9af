#!/usr/bin/env bash
# Builds the C++ tests in one mode and runs them: tools/ctest.sh [release|debug|asan|tsan] [ctest arguments, -R Chain ...]
# `headers` builds no test: it proves that each header of the core compiles alone.
# Each mode has a folder of its own: sanitizers and plain code must not share objects.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-release}
shift || true
case $mode in
  release | headers) flags=() ;;
  debug) flags=(-DCMAKE_BUILD_TYPE=Debug) ;;
  asan) flags=(-DSANITIZE=address,undefined) ;;
  tsan) flags=(-DSANITIZE=thread) ;;
  *) echo "ctest.sh: unknown mode '$mode': release, debug, asan, tsan or headers" >&2 && exit 2 ;;
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
