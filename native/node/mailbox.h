// Requests and replies of one shard on their way between the mesh and JavaScript. Requests that JavaScript has been
// told of wait here, under a token, for their reply; when the thread ends they are answered with `gone`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "shard/message.h"
#include "shard/shard.h"

namespace corebuf {

class event_loop;
class handle_table;
class iobuf;
class script_callback;
struct exchange;

/// What JavaScript wrote into the first words of `outgoing`.
struct outgoing_call {
  shard_ref to;             // requests
  uint32_t token = 0;       // replies
  uint32_t method = 0;      // requests
  uint32_t number = 0;      // requests
  message_status status{};  // replies
  uint32_t parcels = 0;
  std::span<const std::byte> encoded;
  const uint32_t* parcel_slots =
      nullptr;  // the last comes first: the list grows down from the end of the area
};

class mailbox {
 public:
  static constexpr uint32_t parcels_max = 4096;  // chains in one message

  void accept(message* delivered) {
    (delivered->kind == message_kind::reply ? replies_ : requests_).push_back(delivered);
  }
  bool empty() const { return replies_.empty() && requests_.empty(); }

  /// Describes what was accepted in `incoming` and calls JavaScript, a batch at a time, until nothing is left or, one batch
  /// at least, `end_ns` has come: then the rest waits for the next turn. Neither replies nor requests wait for all of the others; each keep their order.
  void deliver(shard& here, const exchange& area, event_loop& loop, const script_callback& callback,
               uint64_t end_ns);

  /// out_of_memory: nothing was consumed. shard_gone: the chains have been released, as if they had arrived and been dropped.
  error_code send(shard& here, handle_table& handles, event_loop& loop, const outgoing_call& call);
  error_code reply(shard& here, handle_table& handles, const outgoing_call& call);

  /// For the message at `ordinal` of the batch that is being delivered: the encoding that did not fit inline, …
  size_t encoded_in_payload(size_t ordinal) const { return batch_[ordinal]->encoded_in_payload; }
  void take_encoded(shard& here, size_t ordinal, std::span<std::byte> into);
  /// … and the next chain of its payload.
  [[nodiscard]] bool claim(size_t ordinal, size_t length, iobuf& into);

  size_t unanswered() const { return held_.size() - tokens_free_.size(); }

  /// Nothing will be delivered or answered any more.
  void close(shard& here);

 private:
  bool take_batch(const exchange& area);
  size_t take_from(chain<message>& inbox, const exchange& area, size_t used);
  void pace(uint64_t batch_ns);
  size_t describe(message* delivered, std::span<std::byte> into);
  uint32_t hold_request(message* request);
  bool fill(shard& here, message* filled, const outgoing_call& call);
  void attach_parcels(shard& here, handle_table& handles, message* filled, const outgoing_call& call);

  chain<message> replies_;
  chain<message> requests_;
  std::vector<message*> batch_;  // what JavaScript is being told of
  size_t batch_replies_ = 0;     // the first of them are replies
  size_t batch_most_ = 16;       // of either kind, in the next batch
  std::vector<message*> held_;   // requests, by token
  std::vector<uint32_t> tokens_free_;
};

}  // namespace corebuf
