// CRC-32C (Castagnoli, reflected 0x82F63B78; RFC 3720, as in iSCSI, ext4 and Kafka), with the processor's
// instructions where it has them, in three streams at once when there are bytes enough. `seed` is the
// checksum of the bytes before, 0 at the beginning, so checksums continue across fragments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace corebuf {

uint32_t crc32c(uint32_t seed, std::span<const std::byte> bytes);

/// The table-driven way, for processors without the instruction and to test the other against.
uint32_t crc32c_portable(uint32_t seed, std::span<const std::byte> bytes);

}  // namespace corebuf
