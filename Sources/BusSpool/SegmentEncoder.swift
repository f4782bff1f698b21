internal import BusProtocol

/// Turns groups from the form of the wire into a segment's: an event whose leader stands before it in the segment is
/// written short.
struct SegmentEncoder: Sendable {
  /// What is to be written at the segment's end; only the first ``byteCount`` bytes.
  private(set) var buffer: [UInt8] = []
  private(set) var byteCount = 0
  /// The new marks that the segment gets by it.
  private(set) var marks: [Segment.Mark] = []
  /// The last event of the group.
  private(set) var last = Offset.zero
  private(set) var lastTime = Timestamp(microseconds: 0)
  private var leaders = Leaders()

  /// What is kept for the next group, however long this one was.
  private static let keptByteCount = 4 << 20
  /// What is kept while the log is idle.
  private static let restingByteCount = 64 << 10

  /// Lets the room of long groups go, since none comes for now.
  mutating func rest() {
    if buffer.count > SegmentEncoder.restingByteCount { buffer = [] }
  }

  /// Forgets what was not written after all: the next event is a whole one.
  mutating func forgetLeaders() { leaders.forgetAll() }

  /// Where a group goes: what is asked of its segment. Numbers, since a segment itself would be copied for each group.
  struct Place {
    let header: SegmentHeader
    let mask: SaltMask
    let end: Int
    let last: Offset
    let lastMark: Int?
  }

  /// Encodes events that stand one behind the other, all of the bytes.
  mutating func encode(_ group: [UInt8], at place: Place) {
    makeRoom(group.count)
    (byteCount, last) = (0, place.last)
    marks.removeAll(keepingCapacity: true)
    // A span of the buffer holds on to all that the buffer is a part of.
    var output: [UInt8] = []
    swap(&output, &buffer)
    encode(group, at: place, to: &output)
    swap(&output, &buffer)
  }

  private mutating func encode(_ group: [UInt8], at place: Place, to bytes: inout [UInt8]) {
    let records = group.span.bytes
    var span = bytes.mutableSpan
    var output = span.mutableBytes
    var mark = place.lastMark
    var start = 0
    while start < records.byteCount {
      let recordByteCount = RecordHeader.recordByteCount(records, at: start)
      last = Offset(records.littleEndian(UInt64.self, at: start + 16))
      lastTime = Timestamp(microseconds: records.littleEndian(Int64.self, at: start + 40))
      let position = place.end + byteCount
      if Segment.isMarkDue(at: position, behind: mark) {
        leaders.forgetAll()
        marks.append(Segment.Mark(offset: last, time: lastTime, position: position))
        mark = position
      }
      if let written = writeShort(records, at: start, to: &output, of: place.header) {
        byteCount += written
      } else {
        output.copy(records, from: start, byteCount: recordByteCount, to: byteCount)
        place.mask.toggle(&output, at: byteCount)
        byteCount += recordByteCount
        if place.header.hasShortRecords { leaders.takeToWrite(group, at: start, byteCount: recordByteCount) }
      }
      start += recordByteCount
    }
  }

  /// Writes a record short, and says how many bytes it takes; nil where it has no leader, or a number does not fit.
  private mutating func writeShort(
    _ records: borrowing RawSpan, at start: Int, to output: inout MutableRawSpan, of segment: SegmentHeader
  ) -> Int? {
    guard segment.hasShortRecords, let leader = leaders.place(leading: records, at: start),
      var short = ShortRecord(records, at: start, leader: leaders[leader], base: segment.base)
    else { return nil }
    ShortTail.write(records, at: start, leader: leaders[leader], to: &output, at: byteCount, noting: &short)
    short.write(to: &output, at: byteCount, of: segment)
    return short.recordByteCount
  }

  /// No record is longer here than on the wire.
  private mutating func makeRoom(_ count: Int) {
    if buffer.count > SegmentEncoder.keptByteCount, count <= SegmentEncoder.keptByteCount { buffer = [] }
    if buffer.count < count { buffer.append(contentsOf: repeatElement(0, count: count - buffer.count)) }
  }
}
