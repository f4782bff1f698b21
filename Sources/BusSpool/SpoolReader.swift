public import BusProtocol

/// Reads a log on any thread, while it is written: what was committed, and nothing else.
///
/// Every header that is passed and every record that is returned is checked again; damage is an error that names its
/// place, never a wrong record.
public struct SpoolReader: Sendable {
  private let log: SpoolLog

  init(_ log: SpoolLog) { self.log = log }

  /// The last event that is on disk, whatever happens.
  public var durable: Offset { log.durable }
  /// The last event that can be read: that of the last commit, synced or not.
  public var head: Offset { log.head }
  /// The oldest event that is kept; one past ``head`` in an empty log.
  public var first: Offset { log.first }

  /// The most bytes that one read looks at: one whose topics are rare must come back too.
  static let searchedByteCount = 8 << 20

  /// Reads on from an offset: the events behind it whose topics are wanted.
  ///
  /// - Parameters:
  ///   - offset: the last event that the caller has; zero for none.
  ///   - maximumByteCount: where to stop; one record comes always, however long it is.
  ///   - maximumCount: the most records.
  ///   - wants: decides by the topic's bytes.
  public func read(
    after offset: Offset, maximumByteCount: Int, maximumCount: Int, where wants: (ArraySlice<UInt8>) -> Bool
  ) throws(SpoolError) -> SpoolChunk {
    try read(after: offset, maximumByteCount, maximumCount, onlyUnnumbered: false, wants)
  }

  /// Reads on from an offset: the events behind it that no outbox numbered. Of the others only headers are looked at.
  public func readUnnumbered(
    after offset: Offset, maximumByteCount: Int, maximumCount: Int
  ) throws(SpoolError) -> SpoolChunk {
    try read(after: offset, maximumByteCount, maximumCount, onlyUnnumbered: true) { _ in true }
  }

  private func read(
    after offset: Offset, _ maximumByteCount: Int, _ maximumCount: Int, onlyUnnumbered: Bool,
    _ wants: (ArraySlice<UInt8>) -> Bool
  ) throws(SpoolError) -> SpoolChunk {
    var view = log.view
    while true {
      do throws(SpoolError) {
        return try read(view, after: offset, maximumByteCount, maximumCount, onlyUnnumbered, wants)
      } catch {
        // The oldest segment may have been removed since, or its file be another one's: begin again with what is there.
        let now = log.view
        guard error.code == .notFound || error.code == .corrupt, now.first > view.first else { throw error }
        view = now
      }
    }
  }

  private func read(
    _ view: SpoolLog.View, after offset: Offset, _ maximumByteCount: Int, _ maximumCount: Int,
    _ onlyUnnumbered: Bool, _ wants: (ArraySlice<UInt8>) -> Bool
  ) throws(SpoolError) -> SpoolChunk {
    var chunk = SpoolChunk(through: offset, head: view.head, first: view.first)
    let before = Offset(view.first.rawValue &- 1)
    if offset < before {
      chunk.through = before
      chunk.missing = offset.next...chunk.through
    }
    guard chunk.through < view.head, maximumCount > 0 else { return chunk }
    var searched = 0
    var number = view.firstSegment { $0.last > chunk.through }
    while number < view.count {
      let segment = view[number]
      var walk = try SegmentWalk(segment, in: log.directory, byteCount: min(max(maximumByteCount, 64 << 10), 256 << 10))
      walk.position = segment.position { $0.offset <= chunk.through.next }
      walk.passed = chunk.through
      let begin = walk.position
      while let record = try walk.next() {
        guard record.kind == .event, record.offset > chunk.through else { continue }
        if onlyUnnumbered ? !walk.isNumbered : wants(walk.topic) {
          guard chunk.count == 0 || chunk.bytes.count + record.recordByteCount <= maximumByteCount else { return chunk }
          try walk.append(to: &chunk.bytes)
          chunk.count += 1
        }
        chunk.through = record.offset
        let isFull = chunk.count >= maximumCount || chunk.bytes.count >= maximumByteCount
        if isFull || searched + walk.position - begin >= SpoolReader.searchedByteCount { return chunk }
      }
      searched += walk.position - begin
      number += 1
    }
    return chunk
  }

  /// The event at an offset; nil when it is not there, or not kept any more.
  public func event(at offset: Offset) throws(SpoolError) -> Event? {
    guard offset > .zero, offset <= head else { return nil }
    let chunk = try read(after: Offset(offset.rawValue - 1), maximumByteCount: 0, maximumCount: 1) { _ in true }
    guard chunk.missing == nil, chunk.count == 1 else { return nil }
    do { return try Record.event(chunk.bytes) } catch {
      throw SpoolError(.corrupt, "event \(offset) cannot be read: \(error.message); see `bus spool verify`")
    }
  }

  /// The last event that was recorded before a moment; the one before the oldest that is kept if there is none.
  public func offset(at time: Timestamp) throws(SpoolError) -> Offset {
    let view = log.view
    // The last segment that begins before the moment.
    let number = view.firstSegment { $0.marks.first.map { $0.time >= time } ?? true }
    let begins = view[number].marks.first.map { $0.time < time } ?? false
    let segment = begins || number == 0 ? view[number] : view[number - 1]
    var found = Offset(segment.base.rawValue &- 1)
    var walk = try SegmentWalk(segment, in: log.directory, byteCount: 64 << 10)
    walk.position = segment.position { $0.time < time }
    while let record = try walk.next(), record.recordedAt < time { found = record.offset }
    return found
  }

  /// The log's size and the room it has.
  public func status() throws(SpoolError) -> SpoolStatus {
    let view = log.view
    return SpoolStatus(
      directory: log.directory.path, segments: view.count, byteCount: view.byteCount, first: view.first,
      last: view.head, lastTime: view.active.lastTime, freeByteCount: try log.directory.space().freeByteCount)
  }
}
