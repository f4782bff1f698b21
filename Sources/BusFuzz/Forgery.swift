internal import BusProtocol

/// Makes of any bytes what passes the first gates: right checksums, known verbs. Chance alone would never get there.
enum Forgery {
  /// Gives the records that stand one behind the other right checksums, as far as their lengths lead; in a segment short
  /// ones too, but for that of their body, which they share with their leader.
  static func repairRecords(_ bytes: inout [UInt8], from start: Int = 0, salt: UInt32 = 0) {
    var position = start
    let count = bytes.count
    while count - position >= RecordHeader.byteCount {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      if raw.bytes.littleEndian(UInt8.self, at: position) == shortMagic {
        position += repairShort(&raw, at: position, salt: salt)
        continue
      }
      let body = Int(raw.bytes.littleEndian(UInt32.self, at: position + 4))
      let bodyStart = position + RecordHeader.byteCount
      if body <= count - bodyStart {
        raw.storeLittleEndian(
          Checksum.crc32c(raw.bytes.extracting(bodyStart..<bodyStart + body)), at: position + 12)
      }
      let first = Checksum.crc32c(raw.bytes.extracting(position..<position + 8), seed: salt)
      let checksum = Checksum.crc32c(raw.bytes.extracting(position + 12..<bodyStart), seed: first)
      raw.storeLittleEndian(checksum, at: position + 8)
      guard body <= count - bodyStart else { return }
      position += RecordHeader.recordByteCount(bodyByteCount: body)
    }
  }

  private static let shortMagic: UInt8 = 0xB5

  /// Gives the first bytes of a short record their checksum; returns how many bytes the record says to have.
  private static func repairShort(_ bytes: inout MutableRawSpan, at start: Int, salt: UInt32) -> Int {
    var checksum = Checksum.crc32c(bytes.bytes.extracting(start..<start + 28), seed: salt)
    if bytes.bytes.littleEndian(UInt16.self, at: start + 14) & 0x4000 != 0 {
      checksum = Checksum.crc32c(bytes.bytes.extracting(start + 32..<start + 36), seed: checksum)
    }
    bytes.storeLittleEndian(checksum, at: start + 28)
    return (32 + Int(bytes.bytes.littleEndian(UInt32.self, at: start) >> 8) + 3) & ~3
  }

  /// The first page of a segment: 40 bytes from its salt on, the rest is right.
  static func page(_ fields: ArraySlice<UInt8>) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    page.replaceSubrange(0..<8, with: Array("BUSSEG02".utf8))
    page.replaceSubrange(12..<12 + fields.count, with: fields)
    var span = page.mutableSpan
    var raw = span.mutableBytes
    raw.storeLittleEndian(Checksum.crc32c(raw.bytes.extracting(12..<52)), at: 8)
    return page
  }

  /// Gives a side file the right length and checksum.
  static func repairSideFile(_ bytes: inout [UInt8]) {
    guard bytes.count >= 16 else { return }
    let count = UInt32(bytes.count - 16)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    raw.storeLittleEndian(count, at: 12)
    raw.storeLittleEndian(Checksum.crc32c(raw.bytes.extracting(droppingFirst: 12)), at: 8)
  }

  /// The first byte is the verb; a zero byte ends the JSON, what follows is the third frame.
  static func frames(_ bytes: [UInt8], of verbs: [String]) -> [[UInt8]] {
    guard let first = bytes.first else { return [] }
    let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    return [Array(verbs[Int(first) % verbs.count].utf8)] + parts.map(Array.init)
  }

  /// The bytes of which ``frames(_:of:)`` makes these frames.
  static func bytes(_ frames: [[UInt8]], of verbs: [String]) throws -> [UInt8] {
    let verb = UInt8(try required(verbs.firstIndex(of: String(fuzz: frames[0]))))
    return [verb] + frames.dropFirst().joined(separator: [0])
  }

  /// The first byte is the verb; the second the number of entries, where the header has it; the rest is the frame.
  static func packedFrames(_ bytes: [UInt8], of verbs: [String]) -> [[UInt8]] {
    guard bytes.count > 1 else { return [] }
    return [Array(verbs[Int(bytes[0]) % verbs.count].utf8), Array(bytes[1...])]
  }
}
