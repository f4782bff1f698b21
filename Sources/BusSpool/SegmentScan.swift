internal import BusProtocol

/// Reads a whole segment: what is valid is a prefix, and what ends it is told.
struct SegmentScan {
  /// Why the valid part ends before the file does.
  enum Damage: Hashable {
    /// A group that was never finished: nobody was told that it is on disk.
    case torn(byteCount: Int)
    /// A header further on proves that what is broken here was on disk.
    case corrupt(provenAt: Int)
  }

  private(set) var segment: Segment
  private(set) var recordCount = 0
  private(set) var damage: Damage?
  /// Whether the last valid record is a seal, or there is none at all.
  private(set) var isSealed = true

  private var window: SegmentWindow
  private var decoder: SegmentDecoder
  /// The last short record in the form of the wire.
  private var expanded: [UInt8] = []
  private let fileEnd: Int

  /// Scans the records; each event's header is handed to `visit` with bytes and where in them the record begins, in the
  /// form of the wire but for its header's checksum.
  init(
    _ header: SegmentHeader, file: DiskFile, visit: (RecordHeader, [UInt8], Int) -> Void
  ) throws(SpoolError) {
    segment = Segment(header)
    fileEnd = try file.byteCount()
    window = SegmentWindow(file, end: fileEnd, byteCount: 1 << 20)
    decoder = SegmentDecoder(header)
    while let (record, header, index) = try next(at: segment.end) {
      if header.kind == .event {
        recordCount += 1
        if case .short = record {
          visit(header, expanded, 0)
        } else {
          visit(header, window.bytes, index)
          if segment.isMarkDue { decoder.forgetLeaders() }
          decoder.pass(header, window.bytes, at: index)
        }
      }
      isSealed = header.kind == .seal
      segment.extend(by: header, byteCount: record.byteCount)
    }
    damage = try lookBehindEnd()
  }

  /// The record at a position if it is whole and the one that has to come.
  private mutating func next(at position: Int) throws(SpoolError) -> (StoredRecord, RecordHeader, Int)? {
    guard let record = try record(at: position), record.offset == (record.isSeal ? segment.last : segment.last.next),
      let index = try window.index(of: position, byteCount: record.byteCount)
    else { return nil }
    // Where a search may begin there is a whole one.
    if case .short = record, segment.isMarkDue { return nil }
    do throws(ProtocolError) {
      let header = try decoder.header(of: record, window.bytes, at: index)
      if case .short = record {
        expanded.removeAll(keepingCapacity: true)
        try decoder.append(record, header, from: window.bytes, at: index, to: &expanded)
      } else {
        try Record.checkBody(window.bytes.span.bytes, at: index, header: header)
      }
      return (record, header, index)
    } catch {
      return nil
    }
  }

  private mutating func record(at position: Int) throws(SpoolError) -> StoredRecord? {
    guard let index = try window.index(of: position, upTo: RecordHeader.byteCount) else { return nil }
    do throws(ProtocolError) { return try decoder.record(window.bytes.span.bytes, at: index) } catch { return nil }
  }

  /// Looks at what stands behind the last valid record: nothing, a torn group, or proof that more was on disk.
  private mutating func lookBehindEnd() throws(SpoolError) -> Damage? {
    var lastUsed = segment.end
    var position = try window.skipZeros(from: segment.end)
    while let index = try window.index(of: position, byteCount: 8) {
      let word = window.bytes.span.bytes.littleEndian(UInt64.self, at: index)
      if let place = try proof(in: word, at: position) { return .corrupt(provenAt: place) }
      lastUsed = position + 8
      position = try window.skipZeros(from: lastUsed)
    }
    if let index = try window.index(of: position, byteCount: fileEnd - position),
      window.bytes[index...].contains(where: { $0 != 0 })
    {
      lastUsed = fileEnd
    }
    return lastUsed > segment.end ? .torn(byteCount: lastUsed - segment.end) : nil
  }

  /// Where a record begins that proves more. Records begin at multiples of 4: there may be two in eight bytes.
  private mutating func proof(in word: UInt64, at position: Int) throws(SpoolError) -> Int? {
    for half in 0..<2 {
      let first = UInt32(truncatingIfNeeded: word >> UInt64(half * 32))
      let place = position + half * 4
      guard first == RecordHeader.magic || UInt8(truncatingIfNeeded: first) == ShortRecord.magic,
        place > segment.end, let record = try record(at: place), proves(record)
      else { continue }
      return place
    }
    return nil
  }

  /// Whether a header behind the end could not stand there if the log had ended here.
  private func proves(_ record: StoredRecord) -> Bool {
    // The next in order behind a hole: what is broken between is a seal, and a seal was synced before it was followed.
    let follows = !record.isSeal && record.offset == segment.last.next
    return record.syncedUpTo > segment.last || follows
  }
}
