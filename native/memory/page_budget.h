// How many pages one shard may have, and has: shared by the allocators of its zones, so that what one gives up another may take.
#pragma once

#include <cstddef>

namespace corebuf {

struct page_budget {
  const size_t most;    // in use, or with memory behind them, at once
  size_t used = 0;      // in spans that were handed out
  size_t resident = 0;  // that may have memory behind them

  explicit page_budget(size_t pages) : most(pages) {}
  page_budget(const page_budget&) = delete;
  page_budget& operator=(const page_budget&) = delete;
};

}  // namespace corebuf
