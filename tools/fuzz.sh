#!/usr/bin/env bash
# Builds the fuzzers with clang, ASan and UBSan, and runs each for some seconds: tools/fuzz.sh [seconds] [libFuzzer arguments]
# An input that makes one fail stays in build-fuzz/ as crash-*; `build-fuzz/<fuzzer> <that file>` repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
folder=build-fuzz
compiler=${CLANG:-clang++}
if ! command -v "$compiler" >/dev/null; then
  echo "fuzz: skipped: there is no $compiler (Debian: apt install clang libclang-rt-14-dev)"
  exit 0
fi
flags=()
if command -v ninja >/dev/null; then flags+=(-G Ninja); fi
configured=$(cmake -S . -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCOREBUF_FUZZ=ON -DSANITIZE=address,undefined "${flags[@]}" 2>&1) || {
  echo "$configured" >&2
  exit 1
}
if [[ $configured == *'No libFuzzer'* ]]; then
  echo "fuzz: skipped: $compiler has no libFuzzer (Debian: apt install libclang-rt-14-dev)"
  exit 0
fi
cmake --build "$folder" --parallel "$(nproc)"

export UBSAN_OPTIONS=print_stacktrace=1
cd "$folder"
for fuzzer in ../fuzz/*_fuzzer.cc; do
  name=$(basename "$fuzzer" .cc)
  mkdir -p "corpus-$name"
  echo "fuzz: $name for $seconds s"
  "./$name" "corpus-$name" -max_total_time="$seconds" -timeout=20 -max_len=16384 -len_control=20 -print_final_stats=1 -verbosity=0 "$@" 2>&1 |
    sed '/ Recommended dictionary. /,/ End of recommended dictionary. /d'
done
