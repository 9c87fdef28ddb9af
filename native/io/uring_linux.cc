#include "io/uring_linux.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

// Defined here, because the headers may be older than the kernel that runs; the numbers never change.
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN (1U << 8)
#endif
#ifndef IORING_SETUP_TASKRUN_FLAG
#define IORING_SETUP_TASKRUN_FLAG (1U << 9)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif
#ifndef IORING_SQ_TASKRUN
#define IORING_SQ_TASKRUN (1U << 2)
#endif

namespace corebuf {
namespace {

constexpr uint32_t setup_flags(uring_setup setup) {
  switch (setup) {
    case uring_setup::defer:
      return IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    case uring_setup::coop:
      return IORING_SETUP_COOP_TASKRUN;
    case uring_setup::plain:
      return 0;
  }
  return 0;
}

// Not std::atomic_ref, which libc++ lacks before LLVM 19.
uint32_t load_acquire(const uint32_t* shared) { return __atomic_load_n(shared, __ATOMIC_ACQUIRE); }
void store_release(uint32_t* shared, uint32_t value) { __atomic_store_n(shared, value, __ATOMIC_RELEASE); }

}  // namespace

uring::mapping& uring::mapping::operator=(mapping&& other) noexcept {
  if (this != &other) {
    unmap();
    address_ = std::exchange(other.address_, nullptr);
    length_ = std::exchange(other.length_, 0);
  }
  return *this;
}

int uring::mapping::map(int fd, uint64_t offset, size_t length) {
  void* address = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                         static_cast<off_t>(offset));
  if (address == MAP_FAILED) return errno;
  address_ = address;
  length_ = length;
  return 0;
}

void uring::mapping::unmap() {
  if (address_ != nullptr) ::munmap(address_, length_);
}

result<uring> uring::open(uint32_t entries, uring_setup setup) {
  uring ring;
  io_uring_params params;
  for (;; setup = static_cast<uring_setup>(static_cast<uint8_t>(setup) + 1)) {
    params = {};
    params.flags = setup_flags(setup);
    ring.fd_.reset(static_cast<int>(::syscall(SYS_io_uring_setup, entries, &params)));
    if (ring.fd_.valid()) break;
    // EINVAL means that this kernel does not know the flags. Without flags it is an error like the others.
    if (errno != EINVAL || setup == uring_setup::plain) return error::from_errno(errno);
  }
  // Linux 5.6, which also brought the operations that uring_engine uses: read, write, fallocate.
  if ((params.features & IORING_FEAT_RW_CUR_POS) == 0) return error::from_errno(ENOSYS);
  ring.setup_ = setup;
  if (const int failed = ring.map_rings(params)) return error::from_errno(failed);
  // A sandbox may allow setup and forbid enter, which must show now and not at the first read.
  const result<uint32_t> entered = ring.enter(0, 0, IORING_ENTER_GETEVENTS);
  if (!entered.ok()) return entered.failure();
  return ring;
}

int uring::map_rings(const io_uring_params& params) {
  ASSERT(params.cq_entries >= params.sq_entries);
  size_t sq_length = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
  const size_t cq_length = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
  const bool together = (params.features & IORING_FEAT_SINGLE_MMAP) != 0;
  if (together) sq_length = std::max(sq_length, cq_length);

  if (const int failed = sq_.map(fd_.get(), IORING_OFF_SQ_RING, sq_length)) return failed;
  if (!together) {
    if (const int failed = cq_.map(fd_.get(), IORING_OFF_CQ_RING, cq_length)) return failed;
  }
  const size_t sqes_length = params.sq_entries * sizeof(io_uring_sqe);
  if (const int failed = sqes_.map(fd_.get(), IORING_OFF_SQES, sqes_length)) return failed;

  const mapping& cq = together ? sq_ : cq_;
  sq_tail_shared_ = sq_.at<uint32_t>(params.sq_off.tail);
  sq_flags_ = sq_.at<uint32_t>(params.sq_off.flags);
  sqe_array_ = sqes_.at<io_uring_sqe>(0);
  sq_mask_ = *sq_.at<uint32_t>(params.sq_off.ring_mask);
  sq_tail_ = *sq_tail_shared_;
  cq_head_shared_ = cq.at<uint32_t>(params.cq_off.head);
  cq_tail_shared_ = cq.at<uint32_t>(params.cq_off.tail);
  cqe_array_ = cq.at<io_uring_cqe>(params.cq_off.cqes);
  cq_mask_ = *cq.at<uint32_t>(params.cq_off.ring_mask);

  // The kernel finds entries through this table; here entry n is always number n.
  uint32_t* const table = sq_.at<uint32_t>(params.sq_off.array);
  for (uint32_t index = 0; index < params.sq_entries; ++index) table[index] = index;
  return 0;
}

result<uint32_t> uring::signal_through(int event_fd) {
  if (::syscall(SYS_io_uring_register, fd_.get(), IORING_REGISTER_EVENTFD, &event_fd, 1) < 0) {
    return error::from_errno(errno);
  }
  return 0u;
}

result<uint32_t> uring::enter(uint32_t submitted, uint32_t completed_min, uint32_t flags) {
  for (;;) {  // EINTR comes only while it waits, once per signal handler
    const long taken = ::syscall(SYS_io_uring_enter, fd_.get(), submitted, completed_min, flags, nullptr, 0);
    if (taken >= 0) return static_cast<uint32_t>(taken);
    if (errno != EINTR) return error::from_errno(errno);
  }
}

io_uring_sqe& uring::sqe(uint32_t index) {
  DEBUG_ASSERT(index < entries());
  io_uring_sqe& entry = sqe_array_[(sq_tail_ + index) & sq_mask_];
  std::memset(&entry, 0, sizeof entry);
  return entry;
}

result<uint32_t> uring::submit(uint32_t count) {
  ASSERT(count <= entries());
  store_release(sq_tail_shared_, sq_tail_ + count);  // Pairs with the kernel's acquire of the tail.
  const result<uint32_t> taken = enter(count, 0, 0);
  // The next batch overwrites entries that were not taken: the kernel looks at the ring only inside enter(),
  // on this thread, and at no more entries than enter() names.
  if (taken.ok()) sq_tail_ += taken.value();
  return taken;
}

bool uring::task_work_waits() const {
  // Pairs with the kernel, which sets the flag before it signals.
  return (load_acquire(sq_flags_) & IORING_SQ_TASKRUN) != 0;
}

void uring::complete_at_least(uint32_t count) {
  const result<uint32_t> entered = enter(0, count, IORING_ENTER_GETEVENTS);
  ASSERT(entered.ok());  // EEXIST: this is not the thread that opened the ring
}

bool uring::empty() const {
  return *cq_head_shared_ == load_acquire(cq_tail_shared_);  // Pairs with the kernel's release of the tail.
}

bool uring::pop(io_uring_cqe& taken) {
  const uint32_t head = *cq_head_shared_;  // only we write it
  if (head == load_acquire(cq_tail_shared_)) return false;  // Pairs with the kernel's release of the tail.
  taken = cqe_array_[head & cq_mask_];
  store_release(cq_head_shared_, head + 1);  // Pairs with the kernel's acquire: the entry is free again.
  return true;
}

}  // namespace corebuf
