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
  private let fileEnd: Int

  /// Scans the records; each event's header is handed to `visit` with the bytes and where in them its record begins.
  init(
    _ header: SegmentHeader, file: DiskFile, visit: (RecordHeader, [UInt8], Int) -> Void
  ) throws(SpoolError) {
    segment = Segment(header)
    fileEnd = try file.byteCount()
    window = SegmentWindow(file, end: fileEnd, byteCount: 1 << 20)
    while let (record, index) = try next(at: segment.end) {
      if record.kind == .event {
        visit(record, window.bytes, index)
        recordCount += 1
      }
      isSealed = record.kind == .seal
      segment.extend(by: record)
    }
    damage = try lookBehindEnd()
  }

  /// The record at a position if it is whole and the one that has to come.
  private mutating func next(at position: Int) throws(SpoolError) -> (RecordHeader, Int)? {
    guard let record = try header(at: position),
      let index = try window.index(of: position, byteCount: record.recordByteCount)
    else { return nil }
    switch record.kind {
    case .seal: guard record.offset == segment.last else { return nil }
    case .event: guard record.offset == segment.last.next else { return nil }
    }
    do throws(ProtocolError) {
      try Record.checkBody(window.bytes.span.bytes, at: index, header: record)
    } catch {
      return nil
    }
    return (record, index)
  }

  private mutating func header(at position: Int) throws(SpoolError) -> RecordHeader? {
    guard let index = try window.index(of: position, byteCount: RecordHeader.byteCount) else { return nil }
    do throws(ProtocolError) {
      return try RecordHeader(window.bytes.span.bytes, at: index, salt: segment.header.salt)
    } catch {
      return nil
    }
  }

  /// Looks at what stands behind the last valid record: nothing, a torn group, or proof that more was on disk.
  private mutating func lookBehindEnd() throws(SpoolError) -> Damage? {
    let magic = UInt64(RecordHeader.magic)
    var lastUsed = segment.end
    var position = segment.end
    // Records begin at multiples of 8, and so does every look.
    while let index = try window.index(of: position, byteCount: 8) {
      let word = window.bytes.span.bytes.littleEndian(UInt64.self, at: index)
      if word != 0 {
        lastUsed = position + 8
        if word & 0xFFFF_FFFF == magic, position > segment.end, let record = try header(at: position),
          proves(record)
        {
          return .corrupt(provenAt: position)
        }
      }
      position += 8
    }
    if let index = try window.index(of: position, byteCount: fileEnd - position),
      window.bytes[index...].contains(where: { $0 != 0 })
    {
      lastUsed = fileEnd
    }
    return lastUsed > segment.end ? .torn(byteCount: lastUsed - segment.end) : nil
  }

  /// Whether a header behind the end could not stand there if the log had ended here.
  private func proves(_ record: RecordHeader) -> Bool {
    // The next in order behind a hole: what is broken between is a seal, and a seal was synced before it was followed.
    let follows = record.kind == .event && record.offset == segment.last.next
    return record.syncedUpTo > segment.last || follows
  }
}
