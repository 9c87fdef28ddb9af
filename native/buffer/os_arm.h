// Optional instructions of processors for arm64. Processors of other kinds tell by themselves.
#pragma once

namespace corebuf {

/// Whether this processor, one for arm64, is known to have the instructions CRC32C and PMULL.
bool arm_has_crc_and_pmull();

}  // namespace corebuf
