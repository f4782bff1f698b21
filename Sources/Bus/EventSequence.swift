public import BusProtocol
internal import BusSigning
internal import Logging

/// Events of some topics, one after the other: see ``BusClient/events(_:from:onMissing:)``.
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
  private let onMissing: (@Sendable (ClosedRange<UInt64>) -> Void)?
  private var wantsSigned = false

  init(
    _ client: BusClient, patterns: [TopicPattern], start: Start,
    onMissing: (@Sendable (ClosedRange<UInt64>) -> Void)? = nil
  ) {
    self.client = client
    self.patterns = patterns
    self.start = start
    self.onMissing = onMissing
  }

  /// The same without events that nobody signed whose key this process knows: see ``BusConfiguration/signers``.
  public func signed() -> EventSequence {
    var sequence = self
    sequence.wantsSigned = true
    return sequence
  }

  /// Begins to follow.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Waits for the next event.
  public struct Iterator: AsyncIteratorProtocol {
    private let sequence: EventSequence
    private var handle: FollowHandle?
    private var stretch = RecordStretch(after: .zero, through: .zero, records: [])
    /// Of the stretch, and passed over.
    private var unsignedCount = 0

    init(_ sequence: EventSequence) { self.sequence = sequence }

    /// The next event; nil when the task is cancelled. Throws when busd has another spool than before.
    public mutating func next() async throws -> Event? { try await next(isolation: #isolation) }

    /// The same, in the caller's isolation.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Event? {
      while true {
        while let event = try stretch.next() {
          if !sequence.wantsSigned || event.signer != nil { return event }
          unsignedCount += 1
        }
        warnOfUnsigned()
        guard try await readOn(isolation) else { return nil }
      }
    }

    /// Waits for the next stretch; false when the task is cancelled.
    private mutating func readOn(_ isolation: isolated (any Actor)?) async throws -> Bool {
      guard !Task.isCancelled else { return false }
      do {
        let handle = try await follow()
        self.handle = handle
        stretch = try await handle.follow.nextRecords()
        if let missing = stretch.missing { note(missing) }
        return true
      } catch is CancellationError { return false } catch let error as BusError where error.code == "cancelled" {
        return false
      }
    }

    /// What is passed over is not left out silently.
    private mutating func warnOfUnsigned() {
      guard unsignedCount > 0 else { return }
      sequence.client.logger.warning(
        "events were passed over whose signer is not known",
        metadata: ["events": "\(unsignedCount)", "through": "\(stretch.through)"])
      unsignedCount = 0
    }

    private func follow() async throws(BusError) -> FollowHandle {
      if let handle { return handle }
      let (client, place) = (sequence.client, try await place())
      return FollowHandle(
        Follow(
          try client.link, patterns: sequence.patterns, after: place, signers: client.configuration.signers,
          logger: client.logger))
    }

    /// What is no longer kept is not left out silently.
    private func note(_ missing: ClosedRange<UInt64>) {
      sequence.client.logger.warning(
        "events that a listener wanted are no longer kept",
        metadata: ["from": "#\(missing.lowerBound)", "through": "#\(missing.upperBound)"])
      sequence.onMissing?(missing)
    }

    private func place() async throws(BusError) -> Offset {
      switch sequence.start {
      case .after(let offset): return offset
      case .beginning: return .zero
      case .now: return try await offset(in: "status", [:], "head")
      case .at(let time): return try await offset(in: "offset", ["at": .string(time.description)], "offset")
      }
    }

    /// Asked for as long as it takes: a listener waits for busd as everything else does.
    private func offset(in about: String, _ parameters: JSONObject, _ key: String) async throws(BusError) -> Offset {
      let answer = try await sequence.client.ask(about, parameters, timeout: .seconds(86_400))
      guard let number = answer[key].flatMap({ UInt64(jsonValue: $0) }) else {
        throw BusError(code: "protocol", "busd's \(about) has no \(key)", help: "upgrade the older of the two")
      }
      return Offset(number)
    }
  }
}

extension Follow {
  /// Follows topics from a place: a stretch at each call, for ever. Ends when the closure is let go.
  static func follower(
    _ link: Link, patterns: [TopicPattern], after offset: Offset, signers: Signers = Signers(), logger: Logger
  ) -> EventFollower {
    let handle = FollowHandle(
      Follow(link, patterns: patterns, after: offset, signers: signers, logger: logger))
    return { try await handle.follow.next() }
  }
}

/// Ends a follow when nobody has it any more.
final class FollowHandle: Sendable {
  let follow: Follow
  init(_ follow: Follow) { self.follow = follow }
  deinit { follow.end() }
}
