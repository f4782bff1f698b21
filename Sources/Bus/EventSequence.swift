public import BusProtocol
internal import Logging

/// Events of some topics, one after the other: see ``BusClient/events(_:from:)``.
public struct EventSequence: AsyncSequence, Sendable {
  /// Events.
  public typealias Element = Event

  /// Where to begin.
  public enum Start: Hashable, Sendable {
    /// With what is published from now on.
    case now
    /// With the oldest event that is kept.
    case beginning
    /// Behind an offset.
    case after(Offset)
    /// With the first event that busd wrote at or behind a moment.
    case at(Timestamp)
  }

  private let client: BusClient
  private let patterns: [TopicPattern]
  private let start: Start

  init(_ client: BusClient, patterns: [TopicPattern], start: Start) {
    self.client = client
    self.patterns = patterns
    self.start = start
  }

  /// Begins to follow.
  public func makeAsyncIterator() -> Iterator { Iterator(client, patterns: patterns, start: start) }

  /// Waits for the next event.
  public struct Iterator: AsyncIteratorProtocol {
    private let client: BusClient
    private let patterns: [TopicPattern]
    private let start: Start
    private var next: EventFollower?
    private var events: ArraySlice<Event> = []

    init(_ client: BusClient, patterns: [TopicPattern], start: Start) {
      self.client = client
      self.patterns = patterns
      self.start = start
    }

    /// The next event; nil when the task is cancelled. Throws when busd has another spool than before.
    public mutating func next() async throws -> Event? {
      while events.isEmpty {
        if next == nil { next = client.follow(patterns, after: try await place()) }
        guard let next, !Task.isCancelled else { return nil }
        do { events = try await next().events[...] } catch is CancellationError { return nil }
      }
      return events.popFirst()
    }

    private func place() async throws(BusError) -> Offset {
      switch start {
      case .after(let offset): return offset
      case .beginning: return .zero
      case .now: return try await offset(in: "status", [:], "head")
      case .at(let time): return try await offset(in: "offset", ["at": .string(time.description)], "offset")
      }
    }

    /// Asked for as long as it takes: a listener waits for busd as everything else does.
    private func offset(in about: String, _ parameters: JSONObject, _ key: String) async throws(BusError) -> Offset {
      let answer = try await client.ask(about, parameters, timeout: .seconds(86_400))
      guard let number = answer[key].flatMap({ UInt64(jsonValue: $0) }) else {
        throw BusError(code: "protocol", "busd's \(about) has no \(key)", help: "upgrade the older of the two")
      }
      return Offset(number)
    }
  }
}

extension BusClient {
  /// Follows topics from a place: a stretch at each call, for ever. Ends when the closure is let go.
  func follow(_ patterns: [TopicPattern], after offset: Offset) -> EventFollower {
    let handle = FollowHandle(
      Follow(link, patterns: patterns, after: offset, logger: Logger(label: "bus.follow")))
    return { try await handle.follow.next() }
  }
}

/// Ends a follow when nobody has it any more.
private final class FollowHandle: Sendable {
  let follow: Follow
  init(_ follow: Follow) { self.follow = follow }
  deinit { follow.end() }
}
