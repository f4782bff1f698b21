public import BusProtocol

extension Spool {
  /// Appends a checked record to the group, and stamps it: offset, sequence in its topic, time.
  ///
  /// - Parameter range: where in the bytes the one record stands, in the form of the wire.
  public func append(record bytes: [UInt8], in range: Range<Int>, now: Timestamp) throws(SpoolError) -> Offset {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
      throw SpoolError(
        .badRecord, "cannot append bytes \(range) of \(bytes.count) to the log in \(directory); check what is appended")
    }
    try admit(range.count, at: now)
    let start = group.count
    group.append(contentsOf: bytes[range])
    do throws(ProtocolError) {
      let header = try RecordHeader(group.span.bytes, at: start)
      guard header.kind == .event, header.recordByteCount == range.count else {
        throw ProtocolError(.badRecord, "\(range.count) bytes are not one record of an event")
      }
      return stamp(header, at: start, now)
    } catch {
      group.removeSubrange(start...)
      throw SpoolError(.badRecord, "cannot append to the log in \(directory): \(error.message); check what is appended")
    }
  }

  /// Encodes an event straight into the group, and stamps it.
  public func append(_ event: Event, now: Timestamp) throws(SpoolError) -> Offset {
    try admit(event.data.count, at: now)
    let start = group.count
    do throws(ProtocolError) {
      try Record.append(event, to: &group)
      return stamp(try RecordHeader(group.span.bytes, at: start), at: start, now)
    } catch {
      group.removeSubrange(start...)
      throw SpoolError(.badRecord, "cannot append to the log in \(directory): \(error.message); check what is appended")
    }
  }

  /// Writes the log's own numbers over those that the record came with. Nothing fails from here on.
  private func stamp(_ came: RecordHeader, at start: Int, _ now: Timestamp) -> Offset {
    var header = came
    header.offset = groupLast.next
    header.syncedUpTo = durable
    header.recordedAt = max(groupTime, now)
    header.sequence = 0
    if options.tracksState {
      let topic = Record.topicBytes(group, at: start, header: header)
      header.sequence = state.number(topic, at: header.offset, header.recordedAt)
      let (publisher, sequence) = SpoolState.publisher(group, at: start)
      state.take(sequence, of: publisher, header.recordedAt)
    }
    var span = group.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw, at: start)
    groupLast = header.offset
    groupTime = header.recordedAt
    return header.offset
  }

  /// Refuses what has no room, before anything is touched.
  private func admit(_ byteCount: Int, at now: Timestamp) throws(SpoolError) {
    try requireWritable()
    guard group.count + byteCount <= Spool.maximumGroupByteCount else {
      throw SpoolError(.full, "a group of the log in \(directory) is at its limit of 64 MiB; commit it first")
    }
    if let maximum = options.maximumByteCount, closedByteCount + active.end + group.count + byteCount > maximum {
      throw SpoolError(
        .full, "the log in \(directory) is at its limit of \(maximum) bytes; send what it holds, or raise the limit")
    }
    if let reserve = options.reserve { try admit(byteCount, at: now, leaving: reserve) }
  }

  private func admit(_ byteCount: Int, at now: Timestamp, leaving reserve: DiskReserve) throws(SpoolError) {
    if reserveCheck.isDue(byteCount, at: now) {
      let space = try files.space()
      reserveCheck.note(isStopped: !reserve.admits(space, isStopped: reserveCheck.isStopped), at: now)
    }
    guard reserveCheck.isStopped else { return }
    throw SpoolError(
      .diskFull,
      "the file system of \(directory) has less free than is left to others; free space, or lower the reserve")
  }
}
