#include "io/io_engine.h"

namespace corebuf {

void io_engine::accept(const io_request& request) {
  ASSERT_HOME(home_);
  ASSERT(request.complete != nullptr);
  ASSERT(request.offset <= INT64_MAX);  // to io_uring, -1 means the current position of the file
  if (request.op == io_op::read || request.op == io_op::write) {
    ASSERT(request.vectors != nullptr);
    ASSERT(request.vector_count >= 1);
    ASSERT(request.vector_count <= io_vectors_max);
  }
  if (request.dsync) ASSERT(request.op == io_op::write);
  if (request.op == io_op::allocate || request.op == io_op::punch) ASSERT(request.length <= INT64_MAX - request.offset);
  ++stats_.in_flight;
}

void io_engine::finish(io_request& request, int64_t result) {
  ASSERT_HOME(home_);
  ASSERT(stats_.in_flight > 0);
  --stats_.in_flight;
  const uint64_t bytes = result > 0 ? static_cast<uint64_t>(result) : 0;
  switch (request.op) {
    case io_op::read:
      ++stats_.reads;
      stats_.bytes_read += bytes;
      break;
    case io_op::write:
      ++stats_.writes;
      stats_.bytes_written += bytes;
      break;
    case io_op::datasync:
    case io_op::sync:
      ++stats_.syncs;
      break;
    case io_op::allocate:
    case io_op::punch:
      break;
  }
  request.result = result;
  request.complete(request);  // last, because it may free the request
}

}  // namespace corebuf
