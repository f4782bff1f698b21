public import BusProtocol

/// A check of all that a log holds, bit for bit, which changes nothing.
///
/// It takes no lock. Beside a writer at work the end of the last segment may look torn: what is being written is.
public struct SpoolVerification: Hashable, Sendable {
  /// What was found in one segment.
  public struct SegmentReport: Hashable, Sendable {
    /// The file's name.
    public var name: String
    /// The file's length.
    public var byteCount: Int
    /// How many events are valid.
    public var recordCount: Int
    /// The first valid event; nil when there is none.
    public var first: Offset?
    /// The last valid event; nil when there is none.
    public var last: Offset?
    /// When the first valid event was recorded; nil when there is none.
    public var firstTime: Timestamp?
    /// When the last valid event was recorded; nil when there is none.
    public var lastTime: Timestamp?
    /// Whether the valid part ends with a seal.
    public var isSealed: Bool
  }

  /// Something that is not as it has to be.
  public struct Problem: Hashable, Sendable {
    /// What it means for the log.
    public enum Severity: String, Sendable {
      /// The next opening cuts it away, and nobody was told that it is on disk.
      case torn
      /// The log does not open.
      case corrupt
    }

    /// What it means for the log.
    public var severity: Severity
    /// The file.
    public var name: String
    /// Where in the file.
    public var position: Int
    /// The first event that is not there, where it is known.
    public var offset: Offset?
    /// What was found.
    public var message: String
  }

  /// The segments, the oldest first.
  public private(set) var segments: [SegmentReport] = []
  /// What is wrong; nothing in a good log.
  public private(set) var problems: [Problem] = []
  /// The log's name, from the first segment that could be read.
  public private(set) var logID: LogID?
  /// How far the log is known to go; nil where nothing says so.
  public private(set) var head: Offset?

  /// Whether the log opens.
  public var isSound: Bool { !problems.contains { $0.severity == .corrupt } }

  /// Reads every record of the log in a directory.
  public init(directory path: String, disk: any Disk = RealDisk()) throws(SpoolError) {
    let directory = SpoolDirectory(path: path, disk: disk)
    let bases = try directory.listing().bases
    var expected: Offset?
    for base in bases {
      expected = try verify(base, in: directory, expected: expected, isLast: base == bases.last)
    }
    try compareWithHead(directory, end: expected ?? Offset(1))
  }

  /// Says which offset the next segment has to begin with; nil when that cannot be told.
  private mutating func verify(
    _ base: Offset, in directory: SpoolDirectory, expected: Offset?, isLast: Bool
  ) throws(SpoolError) -> Offset? {
    let name = SpoolDirectory.segmentName(base)
    let file = try directory.open(name, .read)
    if let expected, expected != base {
      note(.corrupt, name, 0, expected, "events \(expected) to \(Offset(base.rawValue &- 1)) are missing")
    }
    let page = try file.read(SegmentHeader.byteCount, at: 0)
    guard let header = SegmentHeader(page.span.bytes) else {
      note(.corrupt, name, 0, base, "the first page is damaged")
      return nil
    }
    if header.base != base { note(.corrupt, name, 0, base, "it holds the events from \(header.base)") }
    if let logID, logID != header.log { note(.corrupt, name, 0, base, "it belongs to another log, \(header.log)") }
    logID = logID ?? header.log
    let scan = try SegmentScan(header, file: file) { _, _, _ in }
    let byteCount = try file.byteCount()
    segments.append(SegmentReport(name: name, byteCount: byteCount, scan))
    noteDamage(of: scan, name, isLast: isLast)
    return scan.segment.last.next
  }

  private mutating func noteDamage(of scan: SegmentScan, _ name: String, isLast: Bool) {
    let (end, next) = (scan.segment.end, scan.segment.last.next)
    switch scan.damage {
    case .corrupt(let position):
      note(.corrupt, name, end, next, "no valid record, but the one at byte \(position) proves that more was on disk")
    case .torn(let byteCount) where isLast:
      note(.torn, name, end, next, "\(byteCount) bytes of a group that was never finished")
    case .torn(let byteCount):
      note(.corrupt, name, end, next, "\(byteCount) bytes that are no valid record, and another segment follows")
    case nil: break
    }
  }

  private mutating func compareWithHead(_ directory: SpoolDirectory, end: Offset) throws(SpoolError) {
    guard let bytes = try directory.contents(SpoolDirectory.headName) else { return }
    guard let mark = HeadMark(bytes) else {
      return note(.torn, SpoolDirectory.headName, 0, nil, "it is damaged; the next seal writes it anew")
    }
    head = mark.offset
    if mark.log != logID ?? mark.log {
      note(.corrupt, SpoolDirectory.headName, 0, nil, "it belongs to another log, \(mark.log)")
    } else if mark.offset >= end {
      note(.corrupt, SpoolDirectory.headName, 0, end, "events \(end) to \(mark.offset) are missing at the end")
    }
  }

  private mutating func note(
    _ severity: Problem.Severity, _ name: String, _ position: Int, _ offset: Offset?, _ message: String
  ) {
    problems.append(Problem(severity: severity, name: name, position: position, offset: offset, message: message))
  }
}

extension SpoolVerification.SegmentReport {
  fileprivate init(name: String, byteCount: Int, _ scan: SegmentScan) {
    let segment = scan.segment
    self.init(
      name: name, byteCount: byteCount, recordCount: scan.recordCount,
      first: segment.isEmpty ? nil : segment.base, last: segment.isEmpty ? nil : segment.last,
      firstTime: segment.marks.first?.time, lastTime: segment.isEmpty ? nil : segment.lastTime,
      isSealed: scan.isSealed)
  }
}
