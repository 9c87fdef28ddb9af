// CRC-32C (Castagnoli, reflected 0x82F63B78; RFC 3720, as in iSCSI, ext4 and Kafka). Uses the instructions of
// the processor where it has them, in three streams at once when there are enough bytes. `seed` is the
// checksum of the bytes before, 0 at the beginning, so a checksum continues across fragments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace corebuf {

uint32_t crc32c(uint32_t seed, std::span<const std::byte> bytes);

/// The table-driven algorithm, for processors without the instruction and for tests.
uint32_t crc32c_portable(uint32_t seed, std::span<const std::byte> bytes);

}  // namespace corebuf
