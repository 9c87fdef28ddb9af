// Two shards that call each other, with the tests in the part of JavaScript: records are read and answered as
// TypeScript does it.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "shard/mesh.h"
#include "turn/turn_test_support.h"

namespace corebuf::test {

/// A message that has arrived, as its record in `incoming` describes it.
struct arrived_message {
  message_record record{};
  std::string encoded;  // empty when it is in the payload
  size_t ordinal = 0;
};

/// A shard that writes down what arrives, and answers when the test says so.
class calling_shard : public turning_shard {
 public:
  explicit calling_shard(attach_options options = {.memory = {.budget = 64 * MiB}}) : turning_shard(options) {
    on_messages.function = [this](uint32_t count) {
      batches.push_back(count);
      size_t at = 0;
      for (uint32_t ordinal = 0; ordinal < count; ++ordinal) at = read(at, ordinal);
      if (during_batch) during_batch();
    };
  }

  /// Sends a request with the chains of these handle slots.
  error_code call(calling_shard& to, uint32_t number, std::string_view encoded,
                  std::vector<uint32_t> slots = {}) {
    return send_to(to.turn.home().ref(), number, encoded, std::move(slots));
  }

  error_code send_to(shard_ref to, uint32_t number, std::string_view encoded,
                     std::vector<uint32_t> slots = {}) {
    outgoing_call call = described(encoded, slots);
    call.to = to;
    call.number = number;
    call.method = number + 1000;
    return act([&](shard& here) { return turn.mail.send(here, turn.handles, loop, call); });
  }

  error_code answer(uint32_t token, message_status status, std::string_view encoded,
                    std::vector<uint32_t> slots = {}) {
    outgoing_call call = described(encoded, slots);
    call.token = token;
    call.status = status;
    return act([&](shard& here) { return turn.mail.reply(here, turn.handles, call); });
  }

  /// The chain of `length` bytes that is next in the payload of a message of this batch, into a handle slot.
  bool claim(size_t ordinal, size_t length, size_t slot) {
    return act([&](shard& here) {
      const open_handle into(here, turn.handles.to_change(slot));
      return turn.mail.claim(ordinal, length, *into);
    });
  }

  std::string take_encoded(size_t ordinal) {
    return act([&](shard& here) {
      std::string encoded(turn.mail.encoded_in_payload(ordinal), '?');
      const bool taken = turn.mail.take_encoded(here, ordinal, std::as_writable_bytes(std::span(encoded)));
      return taken ? encoded : "none";
    });
  }

  std::vector<arrived_message> arrived;
  std::vector<uint32_t> batches;
  std::function<void()> during_batch;  // after the records have been read

 private:
  /// Returns where the next record begins.
  size_t read(size_t at, size_t ordinal) {
    arrived_message& got = arrived.emplace_back();
    std::memcpy(&got.record, turn.area.incoming + at, sizeof got.record);
    got.ordinal = ordinal;
    at += sizeof got.record;
    if (got.record.encoded_in_payload > 0) return at;
    got.encoded.assign(reinterpret_cast<const char*>(turn.area.incoming + at), got.record.encoded_length);
    return at + align_up(got.record.encoded_length, message_record::alignment);
  }

  /// As the exchange area has it: the list of slots grows down from its last word.
  static outgoing_call described(std::string_view encoded, std::vector<uint32_t>& slots) {
    std::reverse(slots.begin(), slots.end());
    outgoing_call call;
    call.transfers = static_cast<uint32_t>(slots.size());
    call.encoded = bytes_of(encoded);
    call.transfer_slots = slots.empty() ? nullptr : &slots.back();
    return call;
  }
};

}  // namespace corebuf::test
