#include "io/fault_plan.h"

#include <algorithm>
#include <utility>

namespace corebuf {

void fault_plan::set(uint32_t seed, std::vector<fault_rule> rules) {
  rules_ = std::move(rules);
  chance_.seed(seed);
  hits_ = 0;
}

io_fault fault_plan::decide(const io_request& request) {
  io_fault fault;
  for (fault_rule& rule : rules_) {
    if ((rule.ops & (1U << static_cast<uint32_t>(request.op))) == 0) continue;
    if (rule.skip > 0) {
      --rule.skip;
      continue;
    }
    if (rule.times == 0 || chance_() % fault_rule::chance_max >= rule.chance) continue;
    --rule.times;
    const bool random = rule.random != 0;
    if (fault.os_errno == 0) fault.os_errno = static_cast<int>(rule.os_errno);
    fault.late_start = std::max(fault.late_start, up_to(rule.late_start, random));
    fault.late_end = std::max(fault.late_end, up_to(rule.late_end, random));
    if (rule.bytes_most == UINT32_MAX) continue;
    fault.shortened = true;
    fault.bytes = up_to(rule.bytes_most, random);
  }
  if (request.op != io_op::read && request.op != io_op::write) fault.shortened = false;
  // A read of 0 bytes would mean that the file has ended.
  if (request.op == io_op::read) fault.bytes = std::max(fault.bytes, size_t{1});
  if (fault.shortened && fault.bytes >= bytes_asked(request)) fault.shortened = false;
  if (!fault.none()) ++hits_;
  return fault;
}

}  // namespace corebuf
