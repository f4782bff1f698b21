public import BusProtocol

extension Spool {
  /// Removes the segments that nothing holds any more, and says which; the one that is being written stays.
  ///
  /// - Parameter cursor: what every durable subscription has handled; nil when there is none.
  @discardableResult
  public func retain(_ retention: Retention, protecting cursor: Offset?, now: Timestamp) throws(SpoolError)
    -> RetentionPlan
  {
    try requireWritable()
    let view = log.view
    var failure: SpoolError?
    // One at a time: the topics of a segment are read only when all before it may go.
    let facts = view.closed.lazy.map { segment -> SegmentFacts? in
      do throws(SpoolError) {
        return try self.facts(of: segment, withTopics: retention.topicAge != nil)
      } catch {
        failure = error
        return nil
      }
    }
    let known = facts.prefix { $0 != nil }.compactMap { $0 }
    let plan = retention.plan(known, total: view.byteCount, protecting: cursor, now: now)
    if let failure { throw failure }
    try removeFirst(plan.count)
    return plan
  }

  /// Removes the full segments whose events are all at or before an offset; says how many those were.
  @discardableResult
  public func remove(through offset: Offset) throws(SpoolError) -> Int {
    try requireWritable()
    let count = log.view.firstSegment { $0.last > offset }
    try removeFirst(count)
    return count
  }

  private func removeFirst(_ count: Int) throws(SpoolError) {
    guard count > 0 else { return }
    let segments = log.view.closed.prefix(count)
    // The oldest first, one after the other: a crash between leaves a log that only begins later.
    for segment in segments {
      log.dropFirst(1)
      closedByteCount -= segment.end
      if try !spares.take(segment.base, in: files) { try files.removeSegment(segment.base) }
    }
    // What comes back after a power cut is only sent again.
    guard options.syncsSegments else { return }
    do { try files.sync() } catch {
      failure = error
      throw error
    }
  }

  private func facts(of segment: Segment, withTopics: Bool) throws(SpoolError) -> SegmentFacts {
    var facts = SegmentFacts(
      first: segment.base, last: segment.last, lastTime: segment.lastTime, byteCount: segment.end)
    guard withTopics, options.tracksState else { return facts }
    for (text, time) in try topics(of: segment) {
      do throws(ProtocolError) { facts.topics[try Topic(text)] = time } catch {
        throw Recovery.corrupt("\(directory)/\(SpoolDirectory.indexName(segment.base))", error.message)
      }
    }
    return facts
  }

  /// From the side file, or from the segment where that is gone.
  private func topics(of segment: Segment) throws(SpoolError) -> [String: Timestamp] {
    if let bytes = try files.contents(SpoolDirectory.indexName(segment.base)),
      let index = SegmentIndex(bytes, of: segment.header)
    {
      return index.topics
    }
    var topics: [String: Timestamp] = [:]
    _ = try SegmentScan(segment.header, file: try files.open(segment.name, .read)) { record, bytes, start in
      topics[String(decoding: Record.topicBytes(bytes, at: start, header: record), as: UTF8.self)] = record.recordedAt
    }
    return topics
  }
}
