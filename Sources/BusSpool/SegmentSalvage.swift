internal import BusProtocol

/// Reads what is whole in a damaged segment: passes over what is broken, and goes on with the next record that is whole.
struct SegmentSalvage {
  /// The last event that was found, or the one before the base.
  private(set) var last: Offset
  private var window: SegmentWindow
  private let header: SegmentHeader
  private let mask: SaltMask
  private var position = SegmentHeader.byteCount

  /// - Parameter end: nothing is read from this byte on.
  init(_ header: SegmentHeader, file: DiskFile, end: Int) {
    self.header = header
    mask = SaltMask(salt: header.salt)
    last = Offset(header.base.rawValue &- 1)
    window = SegmentWindow(file, end: end, byteCount: 1 << 20)
  }

  /// The next whole event in the form of the wire; nil at the end. Its offset is larger than that of the one before.
  mutating func next() throws(SpoolError) -> (RecordHeader, [UInt8])? {
    while try window.index(of: position, byteCount: RecordHeader.byteCount) != nil {
      guard let (record, index) = try whole() else {
        // Records begin at multiples of 8, and so does every look.
        position += 8
        continue
      }
      position += record.recordByteCount
      guard record.kind == .event, record.offset > last else { continue }
      last = record.offset
      var bytes = Array(window.bytes[index..<index + record.recordByteCount])
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      mask.toggle(&raw, at: 0)
      for padding in RecordHeader.byteCount + record.bodyByteCount..<record.recordByteCount {
        raw.storeLittleEndian(UInt8(0), at: padding)
      }
      return (record, bytes)
    }
    return nil
  }

  private mutating func whole() throws(SpoolError) -> (RecordHeader, Int)? {
    guard let found = try window.index(of: position, byteCount: RecordHeader.byteCount) else { return nil }
    let record: RecordHeader
    do throws(ProtocolError) {
      record = try RecordHeader(window.bytes.span.bytes, at: found, salt: header.salt)
    } catch { return nil }
    guard let index = try window.index(of: position, byteCount: record.recordByteCount) else { return nil }
    do throws(ProtocolError) {
      try Record.checkBody(window.bytes.span.bytes, at: index, header: record)
    } catch { return nil }
    return (record, index)
  }
}
