// The JavaScript of one thread, as the stall watch needs it.
#pragma once

namespace corebuf {

class stall_reporter;

class running_script {
 public:
  /// On the thread itself. From now on reporter.turn_began() is called whenever the thread enters JavaScript,
  /// where Node can tell. False when another reporter watches this thread.
  virtual bool watch(stall_reporter& reporter) = 0;
  virtual void unwatch() = 0;

  /// Any thread, while it is watched. JavaScript that runs on the watched thread then calls the reporter's
  /// stack_wanted(), and stack_taken() if that returns room. When none is running this happens when it runs
  /// next, or never.
  virtual void interrupt() = 0;

 protected:
  ~running_script() = default;
};

}  // namespace corebuf
