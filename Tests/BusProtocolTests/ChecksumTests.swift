import BusProtocol
import Testing

struct ChecksumTests {
  /// RFC 3720 §B.4, and the check value that every catalogue of CRCs has.
  static let vectors: [(bytes: [UInt8], checksum: UInt32)] = [
    ([], 0),
    (Array("123456789".utf8), 0xE306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    (Array(0..<32), 0x46DD_794E),
    (Array((0..<32).reversed()), 0x113F_DB5C),
    (
      hex(
        """
        01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018
        28000000 00000000 02000000 00000000
        """), 0xD996_3A56
    ),
  ]

  @Test func `the vectors of RFC 3720 hold for instruction and table`() {
    for vector in ChecksumTests.vectors {
      #expect(Checksum.crc32c(vector.bytes.span.bytes) == vector.checksum)
      #expect(Checksum.crc32cByTable(vector.bytes.span.bytes) == vector.checksum)
    }
  }

  @Test func `instruction and table agree for every length, seed and alignment`() {
    var chance = Chance(1)
    let bytes = chance.bytes(200)
    for start in 0..<9 {
      for end in start...bytes.count {
        let seed = UInt32(truncatingIfNeeded: chance.next())
        let part = bytes.span.bytes.extracting(start..<end)
        #expect(Checksum.crc32c(part, seed: seed) == Checksum.crc32cByTable(part, seed: seed))
      }
    }
  }

  @Test func `a checksum goes on where another ended`() {
    var chance = Chance(2)
    let bytes = chance.bytes(100)
    let whole = Checksum.crc32c(bytes.span.bytes)
    for cut in 0...bytes.count {
      let first = Checksum.crc32c(bytes.span.bytes.extracting(0..<cut))
      #expect(Checksum.crc32c(bytes.span.bytes.extracting(cut..<bytes.count), seed: first) == whole)
    }
  }
}
