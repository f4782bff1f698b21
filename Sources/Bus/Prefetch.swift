/// How many jobs to hold beyond those that run: some while runs are short, so that no hand waits for the network, and
/// none while they are long, because what waits here could run elsewhere.
struct Prefetch: Sendable {
  /// Below this average a process takes more than it runs.
  static let shortRun: Duration = .milliseconds(2)
  /// Above this average it takes no more than it runs.
  static let longRun: Duration = .milliseconds(20)
  /// Not changed upward more often.
  static let interval: Duration = .seconds(1)

  private let maximum: Int
  /// Moving average over about sixteen runs.
  private var average: Duration?
  private var isOn = false
  private var lastChange: ContinuousClock.Instant?

  init(maximum: Int) { self.maximum = max(0, maximum) }

  /// A run took so long.
  mutating func note(_ duration: Duration) {
    average = average.map { $0 + (duration - $0) / 16 } ?? duration
  }

  mutating func decide(now: ContinuousClock.Instant) {
    guard let average else { return }
    if isOn, average > Prefetch.longRun { return reset(now: now) }
    guard !isOn, average < Prefetch.shortRun else { return }
    if let lastChange, now < lastChange + Prefetch.interval { return }
    isOn = true
    lastChange = now
  }

  /// Holds none for now.
  mutating func reset(now: ContinuousClock.Instant) {
    isOn = false
    lastChange = now
  }

  func count(for concurrency: Int) -> Int { isOn ? min(maximum, concurrency * 16) : 0 }
}
