internal import BusProtocol

/// Reads what is whole in a damaged segment: passes over what is broken, and goes on with the next record that is whole.
struct SegmentSalvage {
  /// The last event that was found, or the one before the base.
  private(set) var last: Offset
  private var window: SegmentWindow
  private var decoder: SegmentDecoder
  private var position = SegmentHeader.byteCount

  /// - Parameter end: nothing is read from this byte on.
  init(_ header: SegmentHeader, file: DiskFile, end: Int) {
    last = Offset(header.base.rawValue &- 1)
    window = SegmentWindow(file, end: end, byteCount: 1 << 20)
    decoder = SegmentDecoder(header)
  }

  /// The next whole event in the form of the wire; nil at the end. Its offset is larger than that of the one before.
  mutating func next() throws(SpoolError) -> (RecordHeader, [UInt8])? {
    while let found = try window.index(of: position, upTo: RecordHeader.byteCount) {
      guard let record = candidate(at: found),
        let index = try window.index(of: position, byteCount: record.byteCount),
        let (header, bytes) = salvaged(record, at: index)
      else {
        // Records begin at multiples of 4, and so does every look.
        position += 4
        continue
      }
      position += record.byteCount
      guard header.kind == .event, header.offset > last else { continue }
      if case .whole = record { decoder.pass(header, window.bytes, at: index) }
      last = header.offset
      return (header, bytes)
    }
    return nil
  }

  private func candidate(at index: Int) -> StoredRecord? {
    do throws(ProtocolError) { return try decoder.record(window.bytes.span.bytes, at: index) } catch { return nil }
  }

  /// The record if it is whole. One whose body is broken may still lead: mostly not all of it is, and each that leans on
  /// it has a checksum of its own whole body.
  private mutating func salvaged(_ record: StoredRecord, at index: Int) -> (RecordHeader, [UInt8])? {
    if let whole = expanded(record, at: index) { return whole }
    if case .whole(let header) = record, header.offset > last { decoder.lean(on: header, window.bytes, at: index) }
    return nil
  }

  /// All of a record in the form of the wire; nil where it is damaged, or what it leans on is lost.
  private mutating func expanded(_ record: StoredRecord, at index: Int) -> (RecordHeader, [UInt8])? {
    var bytes: [UInt8] = []
    do throws(ProtocolError) {
      let header = try decoder.header(of: record, window.bytes, at: index)
      try decoder.append(record, header, from: window.bytes, at: index, to: &bytes)
      return (header, bytes)
    } catch { return nil }
  }
}
