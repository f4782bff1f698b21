package import BusProtocol

/// A subscription as its engine keeps it: what it wants, and the jobs that an event asks for.
package struct SubscriptionMapping: Sendable {
  package let name: Name
  package let patterns: [TopicPattern]
  let conditions: [String: Condition]
  let start: SubscriptionWish.Start
  let queue: Name?
  /// Which events of its topics the topology lets through; nil for all.
  var `where`: BoundFilter?
  /// What an event goes through before it is mapped.
  var middleware = MiddlewareChain.none
  private let draft: @Sendable (Event) throws -> [JobDraft]

  package init<Services>(_ subscription: Subscription<Services>) {
    name = subscription.name
    patterns = subscription.patterns
    conditions = subscription.conditions
    start = subscription.start
    queue = subscription.queue
    draft = { event in try subscription.workers(for: event).map { try JobDraft($0) } }
  }

  /// The jobs of one event for the engine, with the ids that this lease gives them.
  ///
  /// An id comes from the event, the subscription, the lease and the place in the list: mapping again under the same
  /// lease makes the same jobs, while a deliberate replay under another lease makes new ones.
  package func map(_ event: Event, engine: Name, token: UInt64, wiredQueue: Name?) throws -> MappedEvent {
    guard `where`?.matches(EventSubject(event)) ?? true else { return MappedEvent() }
    let subscription = SubscriptionName(engine: engine, name: name)
    let drafts = try draft(try middleware.prepare(event, for: subscription))
    guard !drafts.isEmpty else { return MappedEvent() }
    let cause = JobCause(event: event, subscription: subscription)
    var mapped = MappedEvent()
    for (index, draft) in drafts.enumerated() {
      let random = DerivedChance(event.id, subscription, token, index)
      mapped.jobs.append(
        draft.job(
          id: JobID(at: event.recordedAt, random: random.words), engine: engine, queue: wiredQueue ?? queue,
          cause: cause, askedAt: event.recordedAt))
      mapped.byteCount += draft.inputsByteCount + MappedEvent.byteCountBesideInputs
    }
    return mapped
  }
}

/// The jobs that an event asks for.
package struct MappedEvent: Sendable {
  /// About what a job takes in a message beside its inputs: names, ids, locks, cause.
  static let byteCountBesideInputs = 400

  package var jobs: [NewJob] = []
  package var byteCount = 0
}

extension JobCause {
  /// An event through a subscription; an event that belongs to no chain begins one.
  init(event: Event, subscription: SubscriptionName) {
    self.init(
      event: event.id, offset: event.offset, topic: event.topic, subscription: subscription,
      correlation: event.correlation,
      trace: event.headers.trace, context: event.headers.context, source: event.headers.source)
  }
}

/// Numbers that look like chance and come from what a job is made of (FNV-1a, then the finaliser of SplitMix64).
private struct DerivedChance {
  let words: (UInt64, UInt64)

  init(_ event: EventID, _ subscription: SubscriptionName, _ token: UInt64, _ index: Int) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    mix(subscription.engine.text.utf8)
    mix([0])
    mix(subscription.name.text.utf8)
    for word in [event.high, event.low, token, UInt64(index)] {
      mix((0..<8).lazy.map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) })
    }
    words = (DerivedChance.spread(hash), DerivedChance.spread(hash &+ 0x9E37_79B9_7F4A_7C15))
  }

  private static func spread(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
