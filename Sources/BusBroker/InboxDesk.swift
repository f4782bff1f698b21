internal import BusProtocol

/// Who waits for something new in an inbox.
///
/// A question is answered when something came, and after a second in any case: whoever waits longer asks again, so that a
/// lost answer does no harm.
struct InboxDesk {
  /// A question that is answered when there is something.
  struct Waiter: Hashable {
    var session: SessionID
    var request: UInt64
    var owner: String
    var after: UInt64
    var unreadOnly: Bool
    var limit: Int
  }

  /// The most questions that wait at once.
  static let limit = 10_000
  /// How long a question waits.
  static let patience = Duration.seconds(1)

  private var waiters: [String: [Waiter: ContinuousClock.Instant]] = [:]
  private var count = 0
  /// In the order of their times, since all wait equally long. Those before `head` are over.
  private var deadlines: [(at: ContinuousClock.Instant, waiter: Waiter)] = []
  private var head = 0

  /// When to look again; nil while nobody waits.
  var nextLook: ContinuousClock.Instant? { head < deadlines.count ? deadlines[head].at : nil }

  /// Someone waits; false when too many do already. Asked again it is the same question.
  mutating func add(_ waiter: Waiter, now: ContinuousClock.Instant) -> Bool {
    guard waiters[waiter.owner]?[waiter] == nil else { return true }
    guard count < InboxDesk.limit else { return false }
    let deadline = now + InboxDesk.patience
    waiters[waiter.owner, default: [:]][waiter] = deadline
    deadlines.append((deadline, waiter))
    count += 1
    return true
  }

  /// Those to be answered now: whose inbox has got something, and who have waited long enough.
  mutating func due(_ news: Set<String>, now: ContinuousClock.Instant) -> [Waiter] {
    guard count > 0 || head < deadlines.count else { return [] }
    var due: [Waiter] = []
    for owner in news {
      guard let those = waiters.removeValue(forKey: owner) else { continue }
      due += those.keys.sorted { ($0.session.rawValue, $0.request) < ($1.session.rawValue, $1.request) }
    }
    count -= due.count
    while let next = nextLook, next <= now {
      let waiter = deadlines[head].waiter
      head += 1
      guard waiters[waiter.owner]?[waiter].map({ $0 <= now }) == true else { continue }
      remove(waiter)
      due.append(waiter)
    }
    if head > 1024, head * 2 > deadlines.count {
      deadlines.removeFirst(head)
      head = 0
    }
    return due
  }

  /// A session is gone: it asks again in the next one.
  mutating func left(_ session: SessionID) {
    guard count > 0 else { return }
    for waiter in waiters.values.flatMap(\.keys) where waiter.session == session { remove(waiter) }
  }

  private mutating func remove(_ waiter: Waiter) {
    guard waiters[waiter.owner]?.removeValue(forKey: waiter) != nil else { return }
    if waiters[waiter.owner]?.isEmpty == true { waiters[waiter.owner] = nil }
    count -= 1
  }
}
