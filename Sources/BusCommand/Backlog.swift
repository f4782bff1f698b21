internal import BusProtocol

/// Reads what the spool has already, oldest first.
struct Backlog {
  let bus: Connection
  let patterns: [TopicPattern]

  /// How many events are asked for at once.
  static let chunkCount = 1000

  /// Reads from behind an offset to a head; `take` says whether to go on. Returns how far it looked.
  func read(
    after: Offset, to head: Offset, take: ([Event], ClosedRange<UInt64>?) throws -> Bool
  ) async throws -> Offset {
    var through = after
    while through < head {
      let chunk = try await bus.read(after: through, patterns: patterns, limit: Backlog.chunkCount)
      guard try take(chunk.events, chunk.missing) else { return chunk.through }
      guard chunk.through > through else { break }
      through = chunk.through
    }
    return through
  }

  /// The place behind which the last so many wanted events are. Looks at more and more until it has found them.
  func offset(ofLast count: Int, head: Offset, floor: Offset) async throws -> Offset {
    guard count > 0 else { return head }
    var window = UInt64(count)
    while true {
      let start = max(floor, Offset(head.rawValue - min(head.rawValue, window)))
      var last: [Offset] = []
      _ = try await read(after: start, to: head) { events, _ in
        last = (last + events.map(\.offset)).suffix(count)
        return true
      }
      if last.count == count, let oldest = last.first { return Offset(oldest.rawValue - 1) }
      guard start > floor else { return start }
      window = window.multipliedReportingOverflow(by: 16).overflow ? .max : window * 16
    }
  }
}
