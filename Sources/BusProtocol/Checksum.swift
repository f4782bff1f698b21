internal import CChecksum

/// CRC-32C (Castagnoli; RFC 3720 §12.1): by the processor's instruction where it has one.
public enum Checksum {
  /// Continues a checksum over the bytes; begin with a seed, zero by default.
  public static func crc32c(_ bytes: borrowing RawSpan, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { bus_crc32c(seed, $0.baseAddress, $0.count) }
  }

  /// The same by table: what the instruction is tested against.
  package static func crc32cByTable(_ bytes: borrowing RawSpan, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { bus_crc32c_by_table(seed, $0.baseAddress, $0.count) }
  }
}
