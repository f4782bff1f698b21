public import BusProtocol

extension Spool {
  /// Brings all that was appended to disk: one write, one sync. Readers see it from here on.
  ///
  /// A group that finds no room is dropped as a whole (`diskFull`). After a failed sync nothing is taken any more
  /// (`syncFailed`): what was written before may be lost, and only opening the log anew can tell.
  @discardableResult
  public func commit() throws(SpoolError) -> CommittedGroup {
    try requireWritable()
    let first = active.last.next
    if !group.isEmpty { try writeGroup() }
    try syncActive()
    publish()
    var bytes: [UInt8] = []
    if !group.isEmpty {
      // The group's bytes go to whoever asked; what comes next is likely to be as long.
      let capacity = min(group.count, 1 << 20)
      swap(&bytes, &group)
      group.reserveCapacity(capacity)
    }
    return CommittedGroup(bytes: bytes, first: first, last: active.last)
  }

  /// Writes all that was appended, and lets readers see it. The death of this process loses nothing; a power cut can.
  @discardableResult
  public func commitWithoutSync() throws(SpoolError) -> Offset {
    try requireWritable()
    guard !group.isEmpty else { return active.last }
    try writeGroup()
    publish()
    group.removeAll(keepingCapacity: true)
    return active.last
  }

  /// Says on disk that everything is: to be called when the log is idle, and before it is closed.
  ///
  /// Behind a seal, damage to what it covers is told from a group that was never finished. Does nothing when nothing
  /// was appended since the last one, or when a group waits.
  public func seal(now: Timestamp) throws(SpoolError) {
    try requireWritable()
    guard !isSealed, group.isEmpty else { return }
    try syncActive()
    let header = RecordHeader(
      kind: .seal, bodyByteCount: 0, bodyChecksum: 0, offset: active.last, syncedUpTo: durable,
      recordedAt: max(active.lastTime, now))
    var bytes = [UInt8](repeating: 0, count: RecordHeader.byteCount)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw, salt: active.header.salt)
    try write(bytes, byteCount: bytes.count)
    active.extend(by: header, byteCount: bytes.count)
    groupTime = active.lastTime
    try syncFile()
    isSealed = true
    publish()
    rest()
    try files.open(SpoolDirectory.headName, .create)
      .write(HeadMark(log: logID, offset: durable).bytes.span.bytes, at: 0)
  }

  /// Lets the room of long groups go, since none comes for now.
  private func rest() {
    encoder.rest()
    if group.capacity > 64 << 10 { group = [] }
  }

  private func publish() {
    let isKnown = log.advance(
      SpoolLog.Advance(
        base: active.header.base, markCount: active.marks.count, last: active.last, lastTime: active.lastTime,
        end: active.end, durable: durable))
    if !isKnown { log.publish(active, durable: durable) }
  }

  private func writeGroup() throws(SpoolError) {
    encoder.encode(group, at: active.place())
    // Room for a seal stays, so that the idle log never begins a segment for it.
    let end = active.end + encoder.byteCount + RecordHeader.byteCount
    if end > options.segmentByteCount, !active.isEmpty {
      do { try rollOver() } catch {
        dropGroup()
        if error.code == .syncFailed { failure = error }
        throw error
      }
      encoder.encode(group, at: active.place())
    }
    try write(encoder.buffer, byteCount: encoder.byteCount)
    active.extend(
      to: encoder.last, at: encoder.lastTime, byteCount: encoder.byteCount, marks: encoder.marks)
    isSealed = false
    state.commit()
  }

  /// Writes at the segment's end. What came to be of a failed write is cut away again, with the group.
  private func write(_ bytes: [UInt8], byteCount: Int) throws(SpoolError) {
    guard let file = active.file else { throw SpoolError(.closed, "the log in \(directory) has no open segment") }
    do { try file.write(bytes.span.bytes.extracting(first: byteCount), at: active.end) } catch {
      dropGroup()
      do {
        try file.truncate(to: active.end)
      } catch let cut {
        failure = SpoolError(
          .syncFailed, "\(error.message); and the segment cannot be cut back: \(cut.message)")
      }
      if options.preallocates { file.allocate(options.segmentByteCount) }
      throw failure ?? error
    }
  }

  /// Syncs what was written to the active segment; those before were synced when they were full.
  func syncActive() throws(SpoolError) {
    guard durable < active.last else { return }
    try syncFile()
  }

  private func syncFile() throws(SpoolError) {
    do { try active.file?.sync() } catch {
      failure = error
      throw error
    }
    durable = active.last
    // What is mapped stays: its pages are written again.
    if let file = active.file, !options.isMapped { trail.advance(file, to: active.end) }
  }
}
