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
    var position = passHole(at: position)
    while let index = try index(of: position, byteCount: 8) {
      let span = bytes.span.bytes
      let last = span.byteCount - 8
      var place = index
      while place <= last, span.littleEndian(UInt64.self, at: place) == 0 { place += 8 }
      position += place - index
      if place <= last { return position }
      position = passHole(at: position)
    }
    return position
  }

  /// Passes over what the file has no bytes for, in steps of eight, unless it is in memory anyway.
  private func passHole(at position: Int) -> Int {
    guard position < end, position < start || position + 8 > start + bytes.count else { return position }
    let data = min(file.data(from: position) ?? end, end)
    return position + (data - position) / 8 * 8
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
