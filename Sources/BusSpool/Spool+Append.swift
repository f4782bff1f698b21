public import BusProtocol

extension Spool {
  /// Appends a record in the form of the wire to the group, and stamps it: offset, sequence in its topic, time.
  ///
  /// - Parameter record: what ``Record/check(_:at:)`` found at that byte of the bytes.
  public func append(
    _ record: Record.Facts, at start: Int, of bytes: [UInt8], now: Timestamp
  ) throws(SpoolError) -> Offset {
    let byteCount = record.header.recordByteCount
    guard start >= 0, byteCount <= bytes.count - start else {
      throw SpoolError(
        .badRecord,
        "cannot append \(byteCount) bytes at byte \(start) of \(bytes.count) to the log in \(directory); "
          + "check what is appended")
    }
    try admit(byteCount, at: now)
    let place = group.count
    group.append(contentsOf: bytes[start..<start + byteCount])
    return stamp(record, at: place, now)
  }

  /// Encodes an event straight into the group, and stamps it.
  public func append(_ event: Event, now: Timestamp) throws(SpoolError) -> Offset {
    try admit(event.data.count, at: now)
    let start = group.count
    do throws(ProtocolError) {
      let header = try Record.appendUnstamped(event, to: &group)
      return stamp(
        Record.Facts(header: header, publisher: event.publisher, publisherSequence: event.publisherSequence),
        at: start, now)
    } catch {
      group.removeSubrange(start...)
      throw SpoolError(.badRecord, "cannot append to the log in \(directory): \(error.message); check what is appended")
    }
  }

  /// Writes the log's own numbers over those that the record came with. Nothing fails from here on.
  private func stamp(_ record: Record.Facts, at start: Int, _ now: Timestamp) -> Offset {
    var header = record.header
    header.offset = groupLast.next
    header.syncedUpTo = durable
    header.recordedAt = max(groupTime, now)
    header.sequence = 0
    if options.tracksState {
      let topic = Record.topicBytes(group, at: start, header: header)
      header.sequence = state.number(topic, at: header.offset, header.recordedAt)
      state.take(record.publisherSequence, of: record.publisher, header.recordedAt)
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
