// One request to another shard, and its answer: the object travels there with the arguments and comes back
// with the result, so an answer needs no memory and cannot fail. It lies in the memory of the calling shard.
// Arguments and results are encoded into `inline_bytes` when they fit, else in front of the payload; the
// payload holds the chains that move.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/intrusive_list.h"
#include "base/shard_id.h"
#include "shard/homebound.h"

namespace corebuf {

enum class message_kind : uint8_t { request, reply };

enum class message_status : uint8_t {
  ok,
  failed,  // the payload encodes an error
  gone,    // the other shard ended before it answered
};

/// A shard number is used again after its shard has ended; together with the incarnation it names one shard.
struct shard_ref {
  shard_id id = no_shard;
  uint32_t incarnation = 0;
};

struct message {
  message* next = nullptr;
  shard_id from = no_shard;  // the caller; the message is freed there
  shard_id to = no_shard;
  message_kind kind = message_kind::request;
  message_status status = message_status::ok;
  uint16_t transfers = 0;       // chains in the payload, in order; their lengths are in the encoding
  uint32_t incarnation = 0;     // of `to`
  uint32_t number = 0;          // by this number JavaScript finds the call that waits
  uint32_t method = 0;          // the number of the method that is called
  uint32_t encoded_length = 0;
  uint32_t encoded_in_payload = 0;  // bytes of encoding that did not fit inline
  uint64_t called_ns = 0;  // when the request was handed to its lane
  uint64_t posted_ns = 0;  // when the request, or then the answer, was handed to its lane
  intrusive_list<homebound> payload;

  static constexpr size_t inline_max = 176;
  std::byte inline_bytes[inline_max];
};

static_assert(sizeof(message) == 256, "fills a slot");

}  // namespace corebuf
