internal import BusProtocol

/// What is known of a segment in memory: how far it goes, and where in it to begin reading.
struct Segment: Sendable {
  /// A record that a search can begin at.
  struct Mark: Hashable, Sendable {
    var offset: Offset
    var time: Timestamp
    var position: Int
  }

  /// Marks are this far apart: the most that a search walks over. Each is a whole record, and no short one behind it
  /// has a leader before it: whoever begins there needs nothing of what comes before, and a damaged leader takes with it
  /// at most what leans on it up to the next mark.
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

  /// Whether the event at a position has to be one that a search can begin at, and so a whole one.
  static func isMarkDue(at position: Int, behind mark: Int?) -> Bool {
    mark.map { position - $0 >= Segment.markInterval } ?? true
  }

  /// Whether the next event has to be one that a search can begin at.
  var isMarkDue: Bool { Segment.isMarkDue(at: end, behind: marks.last?.position) }

  /// Where the next group goes. Borrowing: whoever has the segment in a variable would copy it for the call.
  @inline(__always) borrowing func place() -> SegmentEncoder.Place {
    SegmentEncoder.Place(header: header, mask: mask, end: end, last: last, lastMark: marks.last?.position)
  }

  /// Takes note of a record that stands at the end, in as many bytes.
  mutating func extend(by record: RecordHeader, byteCount: Int) {
    if record.kind == .event {
      if isMarkDue { marks.append(Mark(offset: record.offset, time: record.recordedAt, position: end)) }
      last = record.offset
    }
    lastTime = max(lastTime, record.recordedAt)
    end += byteCount
  }

  /// Takes note of a group that stands at the end.
  mutating func extend(to last: Offset, at time: Timestamp, byteCount: Int, marks newMarks: [Mark]) {
    if !newMarks.isEmpty { marks.append(contentsOf: newMarks) }
    self.last = last
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
