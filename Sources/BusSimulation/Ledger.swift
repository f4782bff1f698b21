internal import BusProtocol

/// An invariant that did not hold.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// Which: `I8`, or `drains`.
  let invariant: String
  let text: String

  var description: String { "\(invariant): \(text)" }
}

/// What the outside of the bus knows for sure: what was published and acknowledged, what runs have done. The checks
/// compare it with what the bus kept.
final class Ledger {
  /// An event that somebody published.
  struct Publication {
    let topic: Topic
    /// nil for what may not be published.
    let subject: Subject?
    let version: Int
    /// Whether `publish` returned: it must come.
    var isSure = false
    /// Whether busd said that it is on its disk.
    var isAcknowledged = false
    /// Where busd said that it is.
    var offset: Offset?
  }

  /// What events and jobs are about: the truth that a run looks up.
  struct Subject: Hashable, Comparable, CustomStringConvertible {
    let kind: String
    let key: Int

    var description: String { "\(kind)(\(key))" }

    static func < (left: Subject, right: Subject) -> Bool { (left.kind, left.key) < (right.kind, right.key) }
  }

  private(set) var violations: [Violation] = []
  /// The events of each outbox, in its order.
  var outboxes: [PublisherID: [EventID]] = [:]
  var acknowledged: [PublisherID: UInt64] = [:]
  /// Jobs of which busd said that it keeps them.
  var acknowledgedJobs: [JobID] = []
  var publications: [EventID: Publication] = [:]
  /// What the handler of a subscription has seen.
  var handled: [SubscriptionName: Set<EventID>] = [:]
  /// What a plain PUB socket has sent, by number: whether it may be published.
  var plain: [Int: Bool] = [:]
  /// Leases that busd has given up, by their tokens.
  var lostTokens: Set<UInt64> = []
  /// The version that a run would find now.
  private(set) var truth: [Subject: Int] = [:]
  /// The highest version that a run which got done has seen.
  private(set) var applied: [Subject: Int] = [:]
  /// How often each invariant was looked at.
  private(set) var checked: [String: Int] = [:]

  func violate(_ invariant: String, _ text: String) {
    if violations.count < 20 { violations.append(Violation(invariant: invariant, text: text)) }
  }

  /// Counts a look at an invariant, and notes when it does not hold.
  func check(_ invariant: String, _ holds: Bool, _ text: @autoclosure () -> String) {
    checked[invariant, default: 0] += 1
    if !holds { violate(invariant, text()) }
  }

  /// The truth changes: then it is published.
  func change(_ subject: Subject) -> Int {
    truth[subject, default: 0] += 1
    return truth[subject, default: 0]
  }

  /// A run got done that had looked up this version when it began.
  func apply(_ subject: Subject, version: Int) { applied[subject] = max(applied[subject] ?? 0, version) }
}
