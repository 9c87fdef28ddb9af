// Interleaved rounds of one case: each round times every side once, in changing order, so that disturbances
// of the machine affect all sides. Prints one JSON object per peer; `--list` prints the same rows without
// figures.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace corebuf::bench {

struct effort {
  int rounds = 15;
  double target_ns = 30e6;  // time of one measurement
  bool list = false;
  std::string only;  // a part of the names of the wanted cases
};

/// --quick, --list, and a part of the names that are wanted.
inline effort effort_from(int arguments, char** argument) {
  effort wanted;
  for (int at = 1; at < arguments; ++at) {
    const std::string_view word = argument[at];
    if (word == "--quick")
      wanted.rounds = 7, wanted.target_ns = 10e6;
    else if (word == "--list")
      wanted.list = true;
    else
      wanted.only = word;
  }
  return wanted;
}

/// Does an operation `count` times.
struct side {
  std::string name;
  std::function<void(size_t count)> work;
};

class stopwatch {
 public:
  double ns() const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

inline double time_of(const side& timed, size_t count) {
  const stopwatch watch;
  timed.work(count);
  return watch.ns();
}

/// The number of operations that take the target time, found by running them; a multiple of `step`.
inline size_t count_for(const side& timed, double target_ns, size_t step) {
  size_t count = step;
  double taken = time_of(timed, count);
  while (taken < target_ns / 4) taken = time_of(timed, count *= 4);
  taken = time_of(timed, count);
  return std::max(step, static_cast<size_t>(static_cast<double>(count) * target_ns / taken) / step * step);
}

inline void print_side(const char* key, const std::vector<double>& sorted) {
  std::printf(",\"%s\":{\"value\":%.4g,\"min\":%.4g,\"max\":%.4g}", key, sorted[(sorted.size() - 1) / 2],
              sorted.front(), sorted.back());
}

/// The first side is this package. In ns per operation.
inline void compare(const std::string& name, const std::vector<side>& sides, const effort& effort,
                    size_t step = 1) {
  if (name.find(effort.only) == std::string::npos) return;
  std::vector<std::vector<double>> values(sides.size());
  if (!effort.list) {
    std::vector<size_t> counts;
    for (const side& each : sides) counts.push_back(count_for(each, effort.target_ns, step));
    for (int round = 0; round < effort.rounds; ++round) {
      for (size_t turn = 0; turn < sides.size(); ++turn) {
        const size_t at = round % 2 == 0 ? turn : sides.size() - 1 - turn;
        values[at].push_back(time_of(sides[at], counts[at]) / static_cast<double>(counts[at]));
      }
    }
    for (auto& each : values) std::sort(each.begin(), each.end());
  }
  for (size_t peer = 1; peer < sides.size(); ++peer) {
    std::printf("{\"case\":\"%s\",\"unit\":\"ns\",\"peerName\":\"%s\"", name.c_str(),
                sides[peer].name.c_str());
    if (!effort.list) {
      print_side("ours", values[0]);
      print_side("peer", values[peer]);
    }
    std::printf("}\n");
  }
  std::fflush(stdout);
}

}  // namespace corebuf::bench
