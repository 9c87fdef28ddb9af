// Choosing the engine of a shard. Called on the thread that will use the engine, once per shard and kind.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "io/io_engine.h"

namespace corebuf {

enum class engine_kind : uint8_t { automatic, io_uring, threads };

/// automatic means the value of the environment variable COREBUF_ENGINE, else io_uring, else threads. When
/// the program names a kind, it gets that kind or an error. EINVAL for a value of COREBUF_ENGINE that is no
/// engine, so that a typing error does not choose one silently.
result<std::unique_ptr<io_engine>> open_engine(engine_kind kind);

/// Name of the engine that automatic means here.
const char* engine_here();

/// The kind that `text` names. "automatic", an empty text and nullptr are automatic; EINVAL for anything
/// else.
result<engine_kind> engine_kind_of(const char* text);

/// Why io_uring cannot be used here, for people to read: "EPERM: …"; nullptr where it can. Tried once, then
/// remembered.
const char* uring_refusal();

/// The text of uring_refusal() for one errno; nullptr for 0.
const char* describe_uring_refusal(int os_errno);

}  // namespace corebuf
