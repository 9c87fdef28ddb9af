// For tests: a file without a name in TMPDIR, memory that a disk may write to, and an engine run the way an
// event loop runs it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/uio.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "io/alignment.h"
#include "io/io_engine.h"
#include "io/unique_fd.h"

namespace corebuf::test {

inline constexpr size_t block = 4096;
inline constexpr int patience_ms = 10'000;  // only a lost wake-up takes so long, and then the test fails

struct scratch_file {
  unique_fd fd;
  bool direct = false;

  /// Direct when that is asked for and the file system can do it; prints a note once when it cannot.
  static scratch_file make(bool want_direct) {
    const char* folder = std::getenv("TMPDIR");
    const std::string name = std::string(folder == nullptr ? "/tmp" : folder) + "/corebuf-XXXXXX";
    scratch_file file;
    for (const int flags : {want_direct ? direct_open_flag : 0, 0}) {
      std::string path = name;
      file.fd.reset(::mkostemp(path.data(), flags | O_CLOEXEC));
      if (file.fd.valid()) ::unlink(path.c_str());
      if (file.fd.valid()) break;
    }
    EXPECT_TRUE(file.fd.valid()) << name << ": " << std::strerror(errno);
    file.direct = want_direct && accepts_direct(file.fd.get());
    static bool told = false;
    if (want_direct && !file.direct && !told) {
      std::printf("[ NOTE     ] %s: no O_DIRECT here, testing buffered I/O instead\n", name.c_str());
      told = true;
    }
    return file;
  }

  int get() const { return fd.get(); }
};

/// Memory that is aligned to a block and whole blocks long.
class block_memory {
 public:
  explicit block_memory(size_t size, char fill = 0) : size_(align_up(size, block)) {
    bytes_.reset(static_cast<char*>(std::aligned_alloc(block, size_)));
    std::memset(bytes_.get(), fill, size_);
  }
  char* data() { return bytes_.get(); }
  size_t size() const { return size_; }
  iovec vector(size_t offset, size_t length) { return {bytes_.get() + offset, length}; }
  iovec all() { return vector(0, size_); }
  std::string text(size_t length) const { return std::string(bytes_.get(), length); }

 private:
  struct free_it {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<char, free_it> bytes_;
  size_t size_;
};

inline bool readable(int fd, int timeout_ms) {
  pollfd waiting{fd, POLLIN, 0};
  int ready;
  do ready = ::poll(&waiting, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  return ready == 1;
}

/// Flushes, sleeps on wake_fd and reaps, as a shard does. A lost wake-up fails the test.
inline void run_until_idle(io_engine& engine, size_t most = 16) {
  while (!engine.idle()) {
    engine.flush();
    if (!readable(engine.wake_fd(), patience_ms)) {
      ADD_FAILURE() << engine.name() << ": a wake-up was lost";
      return engine.drain();  // The requests of the test must not outlive it in the kernel.
    }
    EXPECT_LE(engine.reap(most), most);
  }
}

}  // namespace corebuf::test
