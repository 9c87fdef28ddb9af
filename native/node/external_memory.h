// What V8 is told of our memory, so that it collects garbage as often as live bytes demand: it counts every external ArrayBuffer as
// if collecting it would free as much, but a window is only a way to look at an arena.
//
// Up to Node 20 windows are counted out when they are made, and in again when they have been collected. From 21 on V8 ends the process
// when its sum is ever below zero, which it would be between the sweep of a window and its finalizer: there windows stay counted, and
// live bytes are added only where they are more.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace corebuf {

class external_memory {
 public:
  explicit external_memory(napi_env env);

  void window_made(size_t bytes);
  /// By its finalizer.
  void window_collected(size_t bytes);

  /// In steps: each change may make V8 think about collecting garbage.
  void report(size_t live_bytes);

 private:
  void adjust(int64_t bytes);

  const napi_env env_;
  bool windows_stay_ = false;
  int64_t windows_ = 0;   // bytes that V8 counts by itself
  int64_t reported_ = 0;  // and what we have added
};

}  // namespace corebuf
