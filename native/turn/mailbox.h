// Requests and replies of one shard on their way between the mesh and JavaScript. Requests that JavaScript
// knows wait here for their reply, each under a token; when the thread ends they are answered with `gone`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "shard/lane.h"
#include "shard/message.h"
#include "shard/shard.h"
#include "turn/batch_pace.h"

namespace corebuf {

class batch_callback;
class event_loop;
class handle_table;
class iobuf;
class turn_clock;
struct exchange;

/// A request or reply that JavaScript has described in the first words of `outgoing`.
struct outgoing_call {
  shard_ref to;             // requests only
  uint32_t token = 0;       // replies only: the request
  uint32_t method = 0;      // requests only
  uint32_t number = 0;      // requests only
  message_status status{};  // replies only
  uint32_t transfers = 0;
  std::span<const std::byte> encoded;
  const uint32_t* transfer_slots = nullptr;  // slot of the first chain; the others follow downwards
};

class mailbox {
 public:
  static constexpr uint32_t transfers_max = 4096;  // chains in one message

  void accept(message* delivered) {
    (delivered->kind == message_kind::reply ? replies_ : requests_).push_back(delivered);
  }
  bool empty() const { return replies_.empty() && requests_.empty(); }

  /// Describes accepted messages in `incoming` and calls JavaScript, a batch at a time, until none is left or
  /// `end_ns` has come, but at least once: then the rest waits for the next turn. Each batch has both replies
  /// and requests, so neither kind waits for all of the other; each kind stays in order.
  void deliver(shard& here, const exchange& area, event_loop& loop, const turn_clock& clock,
               const batch_callback& callback, uint64_t end_ns);

  /// out_of_memory: nothing has changed. shard_gone: the chains have been released, as if they had arrived
  /// there and been dropped.
  error_code send(shard& here, handle_table& handles, event_loop& loop, const outgoing_call& call);
  error_code reply(shard& here, handle_table& handles, const outgoing_call& call);

  /// Whether a request waits under this token for its reply.
  bool holds(uint32_t token) const { return token < held_.size() && held_[token].request != nullptr; }
  /// Whether the batch that is being handled has a message at `ordinal` that has not been answered.
  bool in_batch(size_t ordinal) const { return ordinal < batch_.size() && batch_[ordinal] != nullptr; }

  /// For the message at `ordinal` of the batch that is being handled: length of the encoding that did not fit
  /// inline, 0 when it did.
  size_t encoded_in_payload(size_t ordinal) const { return batch_[ordinal]->encoded_in_payload; }
  /// Copies that encoding and releases it. False, and nothing has changed, when the payload does not begin with it.
  [[nodiscard]] bool take_encoded(shard& here, size_t ordinal, std::span<std::byte> into);
  /// Takes the next chain of its payload. False when no fragment ends after `length` bytes, or the encoding is still there.
  [[nodiscard]] bool claim(size_t ordinal, size_t length, iobuf& into);

  size_t unanswered() const { return held_.size() - tokens_free_.size(); }

  /// Ends the mailbox: bounces all requests and drops all replies.
  void close(shard& here);

 private:
  bool take_batch(const exchange& area);
  void measure_calls(shard& here, uint64_t now_ns);
  size_t take_from(intrusive_list<message>& inbox, const exchange& area, size_t used);
  size_t describe(message* delivered, std::span<std::byte> into);
  uint32_t hold_request(message* request);
  bool fill(shard& here, message* filled, const outgoing_call& call);
  void attach_transfers(shard& here, handle_table& handles, message* filled, const outgoing_call& call);

  intrusive_list<message> replies_;
  intrusive_list<message> requests_;
  /// A request that JavaScript knows.
  struct held_request {
    message* request = nullptr;
    size_t ordinal = 0;  // in the batch that brought it
  };

  std::vector<message*> batch_;  // messages that JavaScript is handling now; null once answered
  size_t batch_replies_ = 0;     // so many of them, the first, are replies
  batch_pace pace_{lane_slots};  // messages of each kind that the next batch may have
  std::vector<held_request> held_;  // by token
  std::vector<uint32_t> tokens_free_;
};

}  // namespace corebuf
