/// How many jobs to hold beyond those that run: some while runs are short, so that no hand waits for the network, and
/// none while they are long, because what waits here could run elsewhere.
///
/// What is held is done within some tens of milliseconds. The shorter the runs, the more of them are as long as the way
/// to busd's disk and back: with too few, busd and the process would wait for each other in turns.
struct Prefetch: Sendable {
  /// Below this average a process takes very many more than it runs.
  static let shortestRun: Duration = .microseconds(200)
  /// Below this average a process takes more than it runs.
  static let shortRun: Duration = .milliseconds(2)
  /// Above this average it takes no more than it runs.
  static let longRun: Duration = .milliseconds(20)
  /// Not changed upward more often.
  static let interval: Duration = .seconds(1)
  /// How many for each hand.
  private static let (some, many) = (16, 64)

  private let maximum: Int
  /// Moving average over about sixteen runs.
  private var average: Duration?
  private var perHand = 0
  private var lastChange: ContinuousClock.Instant?

  init(maximum: Int) { self.maximum = max(0, maximum) }

  /// A run took so long.
  mutating func note(_ duration: Duration) {
    average = average.map { $0 + (duration - $0) / 16 } ?? duration
  }

  mutating func decide(now: ContinuousClock.Instant) {
    guard let average else { return }
    if perHand > 0, average > Prefetch.longRun { return reset(now: now) }
    if perHand > Prefetch.some, average > Prefetch.shortRun { perHand = Prefetch.some }
    let wanted = average < Prefetch.shortestRun ? Prefetch.many : average < Prefetch.shortRun ? Prefetch.some : 0
    guard wanted > perHand else { return }
    if let lastChange, now < lastChange + Prefetch.interval { return }
    perHand = wanted
    lastChange = now
  }

  /// Holds none for now.
  mutating func reset(now: ContinuousClock.Instant) {
    perHand = 0
    lastChange = now
  }

  /// Whether runs are short.
  var isOn: Bool { perHand > 0 }

  func count(for concurrency: Int) -> Int { min(maximum, concurrency * perHand) }
}
