// Which engine a shard gets. Called on the thread that will use the engine, once per shard.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "io/io_engine.h"

namespace corebuf {

enum class engine_kind : uint8_t { automatic, io_uring, threads };

/// automatic: what the environment variable COREBUF_ENGINE says, else io_uring, else threads. A kind that the
/// program names is what it gets or an error: the environment only decides what the program left open.
/// EINVAL for a value of COREBUF_ENGINE that is no engine: a typing error must not pick one silently.
result<std::unique_ptr<io_engine>> open_engine(engine_kind kind);

/// "io_uring", "threads"; "automatic", empty and nullptr are automatic; EINVAL for anything else.
result<engine_kind> engine_kind_of(const char* text);

/// Why io_uring cannot be had here, for people: "EPERM: …"; nullptr where it can. Asked once, remembered.
const char* uring_refusal();

/// The words of uring_refusal() for one errno; 0 is nullptr.
const char* describe_uring_refusal(int os_errno);

}  // namespace corebuf
