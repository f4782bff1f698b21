/// When how many are sent: at an even rate, whatever the answers take.
///
/// What is late is sent as soon as may be, and keeps the time at which it should have been: a bus that stands still is
/// seen in the latencies of all that it kept waiting.
struct Pace: Sendable {
  /// What is sent at a moment.
  struct Tick: Equatable {
    /// Since the beginning.
    var at: Duration
    var count: Int
  }

  /// No two moments are closer than this: below it the system's timers are no use.
  private static let finest = 1000

  private let perSecond: Int
  private var tick = 0

  /// An even rate, 1 to 10,000,000 a second.
  init(perSecond: Int) { self.perSecond = min(max(perSecond, 1), 10_000_000) }

  /// The next moment, and what is sent then: over a second it comes to the rate exactly.
  mutating func next() -> Tick {
    let ticks = min(perSecond, Pace.finest)
    let (second, place) = tick.quotientAndRemainder(dividingBy: ticks)
    let count = perSecond * (place + 1) / ticks - perSecond * place / ticks
    tick += 1
    return Tick(at: .seconds(second) + .nanoseconds(1_000_000_000 / Int64(ticks) * Int64(place)), count: count)
  }
}
