// How many pages one shard may have, and how many it has. The allocators of its zones share one budget, so
// that pages which one gives up can be taken by another.
#pragma once

#include <cstddef>

namespace corebuf {

struct page_budget {
  const size_t most;    // limit of the pages that are used, or have memory behind them, at one time
  size_t used = 0;      // pages of spans that were handed out
  size_t resident = 0;  // pages that may have memory behind them

  explicit page_budget(size_t pages) : most(pages) {}
  page_budget(const page_budget&) = delete;
  page_budget& operator=(const page_budget&) = delete;
};

}  // namespace corebuf
