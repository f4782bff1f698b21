internal import BusProtocol

/// What turns a whole record's header from the wire's form into a segment's, and back.
///
/// A CRC over a fixed number of bytes changes with its seed by a constant, whatever the bytes are. So the salted
/// checksum is the plain one XOR a number that depends on the salt alone: a record is stamped once for wire and disk.
struct SaltMask: Hashable, Sendable {
  private let mask: UInt32

  init(salt: UInt32) {
    let plain = SaltMask.checksum(salt: 0)
    mask = plain ^ SaltMask.checksum(salt: salt)
  }

  private static func checksum(salt: UInt32) -> UInt32 {
    var bytes = [UInt8](repeating: 0, count: RecordHeader.byteCount)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0).write(to: &raw, salt: salt)
    return raw.bytes.littleEndian(UInt32.self, at: 8)
  }

  /// Turns the header that begins at a byte, either way.
  func toggle(_ bytes: inout MutableRawSpan, at start: Int) {
    bytes.storeLittleEndian(bytes.bytes.littleEndian(UInt32.self, at: start + 8) ^ mask, at: start + 8)
  }
}
