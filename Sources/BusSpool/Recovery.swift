internal import BusProtocol

/// Opens a log's directory: finds what is valid, refuses what contradicts itself, cuts what was never finished.
struct Recovery {
  private let directory: SpoolDirectory
  private let options: SpoolOptions
  private(set) var report = RecoveryReport()
  private(set) var state = SpoolState()
  /// In the order of their offsets; none in a new log.
  private(set) var segments: [Segment] = []

  init(_ directory: SpoolDirectory, options: SpoolOptions) throws(SpoolError) {
    self.directory = directory
    self.options = options
    let listing = try directory.listing()
    try removeLeftovers(listing.leftovers)
    if options.syncsSegments {
      try recoverAll(listing.bases)
    } else {
      try recoverPrefix(listing.bases)
    }
    try compareWithHead()
    try settleEnd()
    describe()
  }

  private mutating func removeLeftovers(_ names: [String]) throws(SpoolError) {
    guard !options.isReadOnly else { return }
    for name in names { try directory.remove(name) }
    report.leftoverCount = names.count
  }

  /// Takes all segments, or refuses: what is broken before the end was on disk once.
  private mutating func recoverAll(_ bases: [Offset]) throws(SpoolError) {
    var headers: [SegmentHeader] = []
    for base in bases { headers.append(try readHeader(base, log: headers.first?.log)) }
    let scanStart = options.tracksState ? try loadState(headers) : headers.count - 1
    for (number, header) in headers.enumerated() {
      try recover(header, isLast: number == headers.count - 1, mustScan: number >= scanStart)
    }
  }

  /// Takes what is valid from the first segment on: any of them may have been in the system's memory only when the
  /// power went. What stands behind the first damage is removed, since its numbers would leave a hole.
  private mutating func recoverPrefix(_ bases: [Offset]) throws(SpoolError) {
    for (number, base) in bases.enumerated() {
      do throws(SpoolError) {
        if segments.isEmpty, try removeReused(base) { continue }
        let header = try readHeader(base, log: segments.first?.header.log)
        try checkOrder(header)
        let file = try open(base)
        var topics: [String: Timestamp] = [:]
        let scan = try scan(header, file: file, topics: &topics)
        let isLast = number == bases.count - 1 || scan.damage != nil
        guard isLast else {
          segments.append(scan.segment)
          continue
        }
        try finish(scan, file: file)
        return try drop(bases[(number + 1)...])
      } catch {
        guard error.code == .corrupt else { throw error }
        try reopenLast()
        return try drop(bases[number...])
      }
    }
  }

  /// Whether the oldest file is a later segment already, under the name that it had before: a power cut took only the
  /// new name. What it held under this one was not needed any more.
  private mutating func removeReused(_ base: Offset) throws(SpoolError) -> Bool {
    let page = try open(base).read(SegmentHeader.byteCount, at: 0)
    guard let header = SegmentHeader(page.span.bytes), header.base > base else { return false }
    report.leftoverCount += 1
    if !options.isReadOnly { try directory.removeSegment(base) }
    return true
  }

  /// The segment before a damaged one becomes the one that is written.
  private mutating func reopenLast() throws(SpoolError) {
    guard let last = segments.last else { return }
    segments[segments.count - 1].file = try open(last.base)
  }

  private mutating func drop(_ bases: ArraySlice<Offset>) throws(SpoolError) {
    report.lostSegmentCount = bases.count
    guard !options.isReadOnly else { return }
    // The last first: a crash between leaves no hole.
    for base in bases.reversed() { try directory.removeSegment(base) }
  }

  /// Reads a segment's first page: it has the offset of its name and the log of the first.
  private func readHeader(_ base: Offset, log: LogID?) throws(SpoolError) -> SegmentHeader {
    let file = try open(base)
    let page = try file.read(SegmentHeader.byteCount, at: 0)
    guard let header = SegmentHeader(page.span.bytes) else {
      throw Recovery.corrupt(file.path, "its first page is damaged")
    }
    guard header.base == base else {
      throw Recovery.corrupt(file.path, "it holds the events from \(header.base): it was renamed or copied")
    }
    guard header.log == log ?? header.log else {
      throw Recovery.corrupt(file.path, "it belongs to another log, \(header.log)")
    }
    return header
  }

  /// Takes the newest state that is whole; says from which segment on the records must be read to bring it up to date.
  private mutating func loadState(_ headers: [SegmentHeader]) throws(SpoolError) -> Int {
    for (number, header) in headers.enumerated().reversed() {
      if let bytes = try directory.contents(SpoolDirectory.stateName(header.base)),
        let state = SpoolState(bytes, of: header)
      {
        self.state = state
        return number
      }
      // The log's first segment begins with nothing.
      guard header.base > Offset(1) else { return number }
      report.rebuiltIndexCount += 1
    }
    return 0
  }

  private mutating func recover(
    _ header: SegmentHeader, isLast: Bool, mustScan: Bool
  ) throws(SpoolError) {
    try checkOrder(header)
    let file = try open(header.base)
    let index = isLast ? nil : try loadIndex(header, file: file)
    if let index, !mustScan {
      segments.append(index.segment)
      return
    }
    var topics: [String: Timestamp] = [:]
    let scan = try scan(header, file: file, topics: &topics)
    guard !isLast else { return try finish(scan, file: file) }
    segments.append(scan.segment)
    guard index == nil else { return }
    report.rebuiltIndexCount += 1
    guard !options.isReadOnly else { return }
    try directory.put(SegmentIndex(scan.segment, topics: topics).bytes, as: SpoolDirectory.indexName(header.base))
  }

  private func checkOrder(_ header: SegmentHeader) throws(SpoolError) {
    if let last = segments.last, last.last.next != header.base {
      throw Recovery.corrupt(
        "\(directory.path)/\(last.name)",
        "it ends at byte \(last.end) with \(last.last), but the next segment begins with \(header.base): "
          + "events \(last.last.next) to \(Offset(header.base.rawValue &- 1)) are missing")
    }
  }

  private func open(_ base: Offset) throws(SpoolError) -> DiskFile {
    try directory.open(SpoolDirectory.segmentName(base), options.isReadOnly ? .read : .write)
  }

  private func loadIndex(_ header: SegmentHeader, file: DiskFile) throws(SpoolError) -> SegmentIndex? {
    guard let bytes = try directory.contents(SpoolDirectory.indexName(header.base)),
      let index = SegmentIndex(bytes, of: header)
    else { return nil }
    guard try file.byteCount() >= index.segment.end else {
      throw Recovery.corrupt(file.path, "its end is missing: it had \(index.segment.end) bytes")
    }
    return index
  }

  private mutating func scan(
    _ header: SegmentHeader, file: DiskFile, topics: inout [String: Timestamp]
  ) throws(SpoolError) -> SegmentScan {
    var (state, seen) = (self.state, topics)
    let tracks = options.tracksState
    let scan = try SegmentScan(header, file: file) { record, bytes, start in
      guard tracks else { return }
      state.learn(record, bytes, at: start)
      seen[String(decoding: Record.topicBytes(bytes, at: start, header: record), as: UTF8.self)] = record.recordedAt
    }
    (self.state, topics) = (state, seen)
    report.scannedRecordCount += scan.recordCount
    return scan
  }

  private mutating func finish(_ scan: SegmentScan, file: DiskFile) throws(SpoolError) {
    switch scan.damage {
    case .corrupt where !options.syncsSegments: report.tornByteCount = try file.byteCount() - scan.segment.end
    case .corrupt(let position):
      throw Recovery.corrupt(
        file.path,
        "it is broken at byte \(scan.segment.end), after \(scan.segment.last), "
          + "and the record at byte \(position) proves that more was on disk")
    case .torn(let byteCount): report.tornByteCount = byteCount
    case nil: break
    }
    report.isSealed = scan.isSealed && scan.damage == nil
    var segment = scan.segment
    segment.file = file
    segments.append(segment)
  }

  private func compareWithHead() throws(SpoolError) {
    guard let bytes = try directory.contents(SpoolDirectory.headName), let head = HeadMark(bytes) else { return }
    guard let last = segments.last else {
      guard head.offset > .zero else { return }
      throw Recovery.corrupt(directory.path, "it has no segments, but held events up to \(head.offset)")
    }
    guard head.log == last.header.log else {
      throw Recovery.corrupt("\(directory.path)/HEAD", "it belongs to another log, \(head.log)")
    }
    guard head.offset <= last.last else {
      throw Recovery.corrupt(
        "\(directory.path)/\(last.name)", "the log ends with \(last.last), but held events up to \(head.offset)")
    }
  }

  /// Cuts what stands behind the end, and makes sure of all before: it may be in the system's memory only.
  private func settleEnd() throws(SpoolError) {
    guard !options.isReadOnly, let last = segments.last, let file = last.file else { return }
    if try file.byteCount() != last.end {
      try file.truncate(to: last.end)
    }
    if options.preallocates { file.allocate(options.segmentByteCount) }
    try file.sync()
    try directory.sync()
  }

  private mutating func describe() {
    report.segmentCount = segments.count
    report.first = segments.first?.base ?? Offset(1)
    report.last = segments.last?.last ?? .zero
  }

  static func corrupt(_ path: String, _ why: String) -> SpoolError {
    SpoolError(
      .corrupt, "\(path) cannot be trusted: \(why); nothing was changed: restore it, or see `bus spool verify`")
  }
}
