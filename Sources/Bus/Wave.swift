/// Jobs that came in one message, most of which end at once: their ends go back in one message too.
///
/// Where jobs stand in line for a few locks, busd hands all locks on in one transaction then. Else the ends would go in
/// two halves that take turns: twice the transactions, each as expensive.
struct Wave: Sendable {
  /// Whoever ends later than this after they came is not waited for.
  static let longestWait: Duration = .microseconds(500)
  /// Ends that waited in vain go after this. It is rare, and an alarm that rings for each wave would cost more.
  static let longestHold: Duration = .milliseconds(2)

  /// Their tokens are larger.
  private let newestBefore: UInt64
  private var open: Int
  private let cameAt: ContinuousClock.Instant

  init(of count: Int, newestBefore: UInt64, at now: ContinuousClock.Instant) {
    (self.newestBefore, open, cameAt) = (newestBefore, count, now)
  }

  /// When to send what waits for the others.
  var deadline: ContinuousClock.Instant { cameAt + Wave.longestHold }

  /// A run ended.
  mutating func ended(_ token: UInt64) { if token > newestBefore { open -= 1 } }

  /// Whether others of it are about to end.
  func isUnderWay(at now: ContinuousClock.Instant) -> Bool { open > 0 && now < cameAt + Wave.longestWait }
}
