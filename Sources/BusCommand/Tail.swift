internal import BusProtocol
internal import BusSupervisor
internal import Synchronization

/// Follows the events: first what is kept, then what comes.
struct Tail: Sendable {
  /// Why following ended.
  enum End: Equatable {
    /// The filter had its last event, or its time has come.
    case done
    /// No event came for too long.
    case idle
    /// Somebody asked it to.
    case asked
  }

  let bus: Connection
  let patterns: [TopicPattern]
  let printer: TailPrinter
  let idleExit: Duration?

  /// Prints what is wanted of what is kept; returns the place from which to follow.
  func catchUp(since: TimeWord?, backlog count: Int?) async throws -> Offset {
    guard since != nil || count != nil else { return bus.headAtStart }
    let backlog = Backlog(bus: bus, patterns: patterns)
    var start = Offset.zero
    if let since { start = try await TimeArgument(bus: bus).offset(since) }
    if let count { start = try await backlog.offset(ofLast: count, head: bus.headAtStart, floor: start) }
    return try await backlog.read(after: start, to: bus.headAtStart) { events, missing in
      printer.tell(missing: missing)
      return try printer.print(events)
    }
  }

  /// Prints what comes until it is the end.
  func follow(after place: Offset, stop: AsyncStream<StopWish>) async throws -> End {
    let activity = Activity()
    return try await withThrowingTaskGroup(of: End.self) { group in
      group.addTask { try await printAll(after: place, activity) }
      group.addTask {
        for await _ in stop { return .asked }
        return .done
      }
      if let deadline = printer.deadline {
        group.addTask {
          try await ContinuousClock().sleep(for: deadline - SystemClock.now())
          return .done
        }
      }
      if let idleExit { group.addTask { try await Tail.idle(activity, for: idleExit) } }
      defer { group.cancelAll() }
      return try await group.next() ?? .done
    }
  }

  private func printAll(after place: Offset, _ activity: Activity) async throws -> End {
    let next = bus.follow(patterns, after: place)
    while !Task.isCancelled {
      let stretch = try await next()
      printer.tell(missing: stretch.missing)
      if !stretch.events.isEmpty { activity.note() }
      guard try printer.print(stretch.events), !printer.isOver(at: stretch.through, now: SystemClock.now()) else {
        break
      }
    }
    return .done
  }

  /// Sleeps exactly as long as nothing can be idle yet.
  private static func idle(_ activity: Activity, for duration: Duration) async throws -> End {
    while true {
      let end = activity.last + duration
      if end <= .now { return .idle }
      try await ContinuousClock().sleep(until: end)
    }
  }
}

/// When something happened last.
private final class Activity: Sendable {
  private let moment = Mutex(ContinuousClock.now)

  func note() { moment.withLock { $0 = .now } }

  var last: ContinuousClock.Instant { moment.withLock { $0 } }
}
