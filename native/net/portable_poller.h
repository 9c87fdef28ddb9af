// A poller over poll(2), for systems without epoll. A thread of its own waits in poll(2), so that an event loop has one
// descriptor to watch; the owner then looks for itself. Each call of poll() costs time linear in the number of sockets.
//
//   thread   poll(copy, for ever) ──found──▶ wake_.signal() ──▶ waits until the owner has looked
//   owner    poll(entries, 0), and then lets the thread go on with a new copy
#pragma once

#include <poll.h>
#include <pthread.h>

#include <mutex>
#include <vector>

#include "base/background_thread.h"
#include "io/wake_event.h"
#include "net/poller.h"

namespace corebuf {

class portable_poller final : public poller {
 public:
  static result<std::unique_ptr<poller>> open();
  ~portable_poller() override;

  int watch(int fd, uint64_t tag, interest wanted) override;
  void change(int fd, uint64_t tag, interest wanted) override;
  void forget(int fd) override;
  void let_go() override;
  size_t poll(std::span<readiness> into) override;
  int wake_fd() const override { return wake_.fd(); }
  const char* name() const override { return "poll"; }

 private:
  portable_poller(wake_event wake, wake_event control) : wake_(std::move(wake)), control_(std::move(control)) {}

  void run();
  bool copy_entries(std::vector<pollfd>& into);
  void came_back();
  void wait_until_looked();
  void entries_changed();

  wake_event wake_;     // for the event loop: something is ready
  wake_event control_;  // for the thread: the entries have changed, or it shall end

  std::mutex lock_;
  pthread_cond_t looked_ = PTHREAD_COND_INITIALIZER;
  pthread_cond_t returned_ = PTHREAD_COND_INITIALIZER;
  std::vector<pollfd> entries_;  // written by the owner, with the lock
  bool found_ = false;           // with the lock: the thread waits for the owner
  bool told_ = false;            // with the lock: control_ is signalled
  bool waiting_ = false;         // with the lock: the thread is in poll(2), which keeps every socket of its copy open
  bool stopping_ = false;        // with the lock

  std::vector<uint64_t> tags_;      // the owner's, beside entries_
  std::vector<size_t> entry_of_fd_;  // the owner's
  size_t first_ = 0;                // the entry that the next poll() begins with
  background_thread thread_;
};

}  // namespace corebuf
