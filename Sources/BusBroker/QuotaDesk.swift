internal import BusProtocol
internal import BusTopology

/// How much each process may send: who sends more waits, and is told for how long.
///
/// A message is taken as a whole once anything is free, and what it is above that is owed: so a batch that is larger than
/// the burst goes too, and in the long run nobody is above the rate. Pure: the moment comes in.
struct QuotaDesk {
  /// Who sends: a session, or all plain publishers together, who are not told apart.
  enum Sender: Hashable {
    case session(SessionID)
    case plain
  }

  private struct Spent {
    /// When nothing is owed any more.
    var events: ContinuousClock.Instant
    var bytes: ContinuousClock.Instant
  }

  /// So much of a rate may be used at once after a rest.
  private static let burst: Duration = .milliseconds(100)
  /// The longest that anybody is told to wait; then it is told again.
  private static let longestWait: Duration = .seconds(60)

  private let perEvent: Duration?
  private let eventBurst: Duration
  private let bytesPerSecond: Int64?
  private var spent: [Sender: Spent] = [:]
  /// At so many senders those are forgotten who owe nothing.
  private var pruneCount = QuotaDesk.smallestPruneCount

  static let smallestPruneCount = 256

  init(_ limits: LimitsDefinition) {
    perEvent = limits.events.map { $0.per.duration / $0.count }
    eventBurst = limits.events.map { $0.per.duration / $0.count * $0.burst } ?? .zero
    bytesPerSecond = limits.bytes.map(\.bytes)
  }

  var senderCount: Int { spent.count }

  /// How long the sender has to wait before it sends; nil when it may now.
  func wait(of sender: Sender, now: ContinuousClock.Instant) -> Duration? {
    guard let spent = spent[sender] else { return nil }
    let opening = max(spent.events - eventBurst, spent.bytes - QuotaDesk.burst)
    guard opening > now else { return nil }
    return min(opening - now, QuotaDesk.longestWait)
  }

  /// The sender has sent that much.
  mutating func charge(_ sender: Sender, events: Int, bytes: Int, now: ContinuousClock.Instant) {
    guard perEvent != nil || bytesPerSecond != nil else { return }
    var after = spent[sender] ?? Spent(events: now, bytes: now)
    if let perEvent { after.events = max(after.events, now) + perEvent * events }
    if let bytesPerSecond {
      let (whole, rest) = Int64(bytes).quotientAndRemainder(dividingBy: bytesPerSecond)
      let part = Double(rest) / Double(bytesPerSecond)
      after.bytes = max(after.bytes, now) + .seconds(whole) + .seconds(part)
    }
    spent[sender] = after
    if spent.count >= pruneCount { prune(now: now) }
  }

  /// Who owes nothing is as one who never sent.
  private mutating func prune(now: ContinuousClock.Instant) {
    spent = spent.filter { $0.value.events > now || $0.value.bytes > now }
    pruneCount = max(QuotaDesk.smallestPruneCount, spent.count * 2)
  }

  /// What a sender is told that has to wait.
  static func refusal(_ wait: Duration, principal: Name? = nil) -> Refusal {
    if let principal {
      return Refusal(
        code: "busy", message: "the processes of \(principal) send more than their share together",
        help: "ask again later, nothing is lost; see access.principals.\(principal).limits", retryAfter: wait)
    }
    return Refusal(
      code: "busy", message: "this process sends more than its share",
      help: "ask again later, nothing is lost; see bus.limits",
      retryAfter: wait)
  }
}
