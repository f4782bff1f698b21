internal import BusProtocol

/// The part of a segment's file that is in memory: moved on as a walk needs it.
struct SegmentWindow {
  private let file: DiskFile
  /// Nothing is read from here on.
  private let end: Int
  private let byteCount: Int
  private var start = 0
  private(set) var bytes: [UInt8] = []

  init(_ file: DiskFile, end: Int, byteCount: Int = 256 << 10) {
    self.file = file
    self.end = end
    self.byteCount = byteCount
  }

  /// Where in ``bytes`` this many bytes of the file stand, or all that it has there; nil at its end.
  mutating func index(of position: Int, upTo wanted: Int) throws(SpoolError) -> Int? {
    guard position < end else { return nil }
    return try index(of: position, byteCount: min(wanted, end - position))
  }

  /// The first place, in steps of eight bytes, where not all eight are zero; or where the file has no eight bytes left.
  mutating func skipZeros(from position: Int) throws(SpoolError) -> Int {
    var position = position
    while let index = try index(of: position, byteCount: 8) {
      let span = bytes.span.bytes
      let last = span.byteCount - 8
      var place = index
      while place <= last, span.littleEndian(UInt64.self, at: place) == 0 { place += 8 }
      position += place - index
      if place <= last { return position }
    }
    return position
  }

  /// Where in ``bytes`` this many bytes of the file stand; nil when the file has not as many.
  mutating func index(of position: Int, byteCount wanted: Int) throws(SpoolError) -> Int? {
    guard wanted <= end - position else { return nil }
    if position >= start, position + wanted <= start + bytes.count { return position - start }
    bytes = try file.read(min(max(byteCount, wanted), end - position), at: position)
    start = position
    return bytes.count >= wanted ? 0 : nil
  }
}
