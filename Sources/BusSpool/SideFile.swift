// A file beside the segments: what can be made again from them, or is doubted as soon as a bit is wrong.
//
//   at size
//    0   8  magic: which file, and the version of its table
//    8   4  CRC-32C of everything from byte 12
//   12   4  length of what follows in bytes
//   16      log id (two halves), then the fields of the file; numbers little-endian, texts behind a byte of length

internal import BusProtocol

/// Writes the fields of a side file.
struct SideFileWriter {
  private var payload: [UInt8] = []

  init(log: LogID) {
    put(log.high)
    put(log.low)
  }

  mutating func put(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { payload.append(contentsOf: $0) }
  }

  mutating func put(_ text: String) {
    put(UInt8(clamping: text.utf8.count))
    payload.append(contentsOf: text.utf8.prefix(255))
  }

  /// The whole file.
  func bytes(magic: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16) + payload
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    raw.storeLittleEndian(magic, at: 0)
    raw.storeLittleEndian(UInt32(payload.count), at: 12)
    raw.storeLittleEndian(Checksum.crc32c(raw.bytes.extracting(droppingFirst: 12)), at: 8)
    return bytes
  }
}

/// Reads the fields of a side file; nil at any doubt.
struct SideFileReader {
  private let bytes: [UInt8]
  private var position = 16
  let log: LogID

  init?(_ bytes: [UInt8], magic: UInt64) {
    let span = bytes.span.bytes
    guard span.byteCount >= 32, span.littleEndian(UInt64.self, at: 0) == magic,
      Int(span.littleEndian(UInt32.self, at: 12)) == span.byteCount - 16,
      span.littleEndian(UInt32.self, at: 8) == Checksum.crc32c(span.extracting(droppingFirst: 12))
    else { return nil }
    log = LogID(high: span.littleEndian(UInt64.self, at: 16), low: span.littleEndian(UInt64.self, at: 24))
    position = 32
    self.bytes = bytes
  }

  mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T? {
    guard bytes.count - position >= T.bitWidth / 8 else { return nil }
    defer { position += T.bitWidth / 8 }
    return bytes.span.bytes.littleEndian(T.self, at: position)
  }

  mutating func offset() -> Offset? { number().map { Offset($0) } }
  mutating func time() -> Timestamp? { number().map { Timestamp(microseconds: $0) } }

  mutating func text() -> String? {
    guard let count = number(UInt8.self), bytes.count - position >= Int(count) else { return nil }
    defer { position += Int(count) }
    return String(decoding: bytes[position..<position + Int(count)], as: UTF8.self)
  }
}
