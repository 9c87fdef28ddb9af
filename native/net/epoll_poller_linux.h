// A poller over epoll, for Linux: a socket costs one system call when it comes, one when its interest changes, one when it goes,
// and a turn costs one, however many sockets there are.
#pragma once

#include "io/unique_fd.h"
#include "net/poller.h"

namespace corebuf {

class epoll_poller final : public poller {
 public:
  static result<std::unique_ptr<poller>> open();

  int watch(int fd, uint64_t tag, interest wanted) override;
  void change(int fd, uint64_t tag, interest wanted) override;
  void forget(int fd) override;
  void let_go() override {}  // The set drops a socket in forget().
  size_t poll(std::span<readiness> into) override;
  int wake_fd() const override { return set_.get(); }
  const char* name() const override { return "epoll"; }

 private:
  explicit epoll_poller(unique_fd set) : set_(std::move(set)) {}
  int control(int operation, int fd, uint64_t tag, interest wanted);

  unique_fd set_;
};

}  // namespace corebuf
