#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 §12.1) over `count` bytes.
/// Pass 0 to begin. The result of one call is the `crc` of the next.
uint32_t bus_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by table, whatever the processor: what the fast path is tested against.
uint32_t bus_crc32c_by_table(uint32_t crc, const void *bytes, size_t count);
