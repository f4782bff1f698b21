public import BusProtocol

/// What a whole segment holds, as far as it matters for letting it go.
public struct SegmentFacts: Hashable, Sendable {
  /// The first event.
  public var first: Offset
  /// The last event.
  public var last: Offset
  /// When the last event was recorded.
  public var lastTime: Timestamp
  /// The segment's length.
  public var byteCount: Int
  /// When each topic in it was last recorded; empty where topics are not told apart.
  public var topics: [Topic: Timestamp]

  /// Facts of a segment.
  public init(
    first: Offset, last: Offset, lastTime: Timestamp, byteCount: Int, topics: [Topic: Timestamp] = [:]
  ) {
    self.first = first
    self.last = last
    self.lastTime = lastTime
    self.byteCount = byteCount
    self.topics = topics
  }
}

/// Which segments may go.
public struct RetentionPlan: Hashable, Sendable {
  /// These, the oldest first; always the oldest that there are.
  public var removed: [SegmentFacts] = []
  /// What goes although a subscription has not seen it: only when the hard limit demands it.
  public var gap: ClosedRange<Offset>?

  /// The number of segments.
  public var count: Int { removed.count }
  /// Whether nothing may go.
  public var isEmpty: Bool { removed.isEmpty }
}

/// How long events are kept: until all in a segment are too old, or until there are too many bytes.
///
/// Only whole segments go, the oldest first, and none that a subscription has not handled; only the hard limit goes
/// past that, and names what it takes.
public struct Retention: Sendable {
  /// The age at which an event may go; nil for never by age.
  public var age: Duration?
  /// The most bytes that all segments together should have; nil for any number.
  public var byteCount: Int?
  /// The bytes beyond which segments go even before they were handled; nil to keep them whatever happens.
  public var hardByteCount: Int?
  /// The age of a topic's events where it has its own: nil means as all others, zero that it holds no segment.
  public var topicAge: (@Sendable (Topic) -> Duration?)?

  /// A rule; without arguments all is kept for ever.
  public init(
    age: Duration? = nil, byteCount: Int? = nil, hardByteCount: Int? = nil,
    topicAge: (@Sendable (Topic) -> Duration?)? = nil
  ) {
    self.age = age
    self.byteCount = byteCount
    self.hardByteCount = hardByteCount
    self.topicAge = topicAge
  }

  /// Plans which of the full segments may go, given from the oldest on.
  ///
  /// - Parameters:
  ///   - total: the bytes of all segments, with the one that is being written.
  ///   - cursor: what every durable subscription has handled; nil when there is none.
  public func plan(
    _ segments: some Sequence<SegmentFacts>, total: Int, protecting cursor: Offset?, now: Timestamp
  ) -> RetentionPlan {
    var plan = RetentionPlan()
    var left = total
    for segment in segments {
      let isHandled = cursor.map { segment.last <= $0 } ?? true
      let mustGo = hardByteCount.map { left > $0 } ?? false
      guard mustGo || isHandled && (isOver(left) || isOld(segment, now)) else { break }
      if !isHandled, let cursor {
        let first = plan.gap?.lowerBound ?? max(segment.first, cursor.next)
        plan.gap = first...segment.last
      }
      plan.removed.append(segment)
      left -= segment.byteCount
    }
    return plan
  }

  private func isOver(_ total: Int) -> Bool { byteCount.map { total > $0 } ?? false }

  private func isOld(_ segment: SegmentFacts, _ now: Timestamp) -> Bool {
    guard let topicAge, !segment.topics.isEmpty else { return isOld(segment.lastTime, age, now) }
    return segment.topics.allSatisfy { isOld($0.value, topicAge($0.key) ?? age, now) }
  }

  private func isOld(_ time: Timestamp, _ age: Duration?, _ now: Timestamp) -> Bool {
    guard let age else { return false }
    return age == .zero || time + age <= now
  }
}
