internal import BusProtocol

/// What is known of a segment in memory: how far it goes, and where in it to begin reading.
struct Segment: Sendable {
  /// A record that a search can begin at.
  struct Mark: Hashable, Sendable {
    var offset: Offset
    var time: Timestamp
    var position: Int
  }

  /// Marks are this far apart: the most that a search walks over.
  static let markInterval = 64 << 10

  let header: SegmentHeader
  let mask: SaltMask
  /// The last event's offset; the one before the base while there is none.
  var last: Offset
  var lastTime: Timestamp
  /// Where the next record goes.
  var end = SegmentHeader.byteCount
  var marks: [Mark] = []
  /// Open in the segment that is being written, for the writer and for readers; others are opened to be read.
  var file: DiskFile?

  var base: Offset { header.base }
  var isEmpty: Bool { last < base }
  var name: String { SpoolDirectory.segmentName(base) }

  init(_ header: SegmentHeader, file: DiskFile? = nil) {
    self.header = header
    mask = SaltMask(salt: header.salt)
    last = Offset(header.base.rawValue &- 1)
    lastTime = header.createdAt
    self.file = file
  }

  /// Takes note of a record that stands at the end.
  mutating func extend(by record: RecordHeader) {
    if record.kind == .event {
      extend(to: record.offset, at: record.recordedAt, byteCount: record.recordByteCount)
    } else {
      lastTime = max(lastTime, record.recordedAt)
      end += record.recordByteCount
    }
  }

  /// Takes note of events that stand at the end, given in the form of the wire.
  mutating func extend(over records: [UInt8]) {
    let bytes = records.span.bytes
    var position = 0
    while position < bytes.byteCount {
      let byteCount = RecordHeader.recordByteCount(bytes, at: position)
      extend(
        to: Offset(bytes.littleEndian(UInt64.self, at: position + 16)),
        at: Timestamp(microseconds: bytes.littleEndian(Int64.self, at: position + 40)), byteCount: byteCount)
      position += byteCount
    }
  }

  /// Takes note of an event that stands at the end.
  mutating func extend(to offset: Offset, at time: Timestamp, byteCount: Int) {
    if end - (marks.last?.position ?? -Segment.markInterval) >= Segment.markInterval {
      marks.append(Mark(offset: offset, time: time, position: end))
    }
    last = offset
    lastTime = max(lastTime, time)
    end += byteCount
  }

  /// Where to begin to find the first record for which `isBefore` is false; marks are in order.
  func position(where isBefore: (Mark) -> Bool) -> Int {
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(marks[middle]) { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? marks[low - 1].position : SegmentHeader.byteCount
  }
}
