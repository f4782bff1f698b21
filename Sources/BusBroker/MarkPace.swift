internal import BusProtocol

/// How often marks go out: each wakes every process that listens, whatever it wants. A mark for each batch while there is
/// little; while there is much, one for as many batches as came in the time that one for the last events may cost.
struct MarkPace {
  /// No mark waits for longer than this, where few are connected …
  static let longest: Duration = .milliseconds(10)
  /// … nor for longer than this for each that is: so all marks together wake five hundred times a second …
  static let perListener: Duration = .milliseconds(2)
  /// … while not even this is enough.
  static let longestForMany: Duration = .milliseconds(50)
  /// So long the next mark waits for each event of the last one: below 100,000 a second none waits.
  static let perEvent: Duration = .microseconds(10)
  /// Behind a mark of fewer events the next one waits for nothing: a timer would be late.
  static let fewestEvents = 100

  /// The batches of which nobody was told yet.
  private var waiting: Mark?
  /// Until then the next mark waits.
  private(set) var deadline: ContinuousClock.Instant?
  private var isClosing = false

  /// A batch is over; gives back the mark to send now, nil where it waits until ``deadline``.
  ///
  /// - Parameter listeners: how many processes may hear it: those that are connected. libzmq does not say which of them do.
  mutating func take(_ mark: Mark, listeners: Int, now: ContinuousClock.Instant) -> Mark? {
    if var gathered = waiting, gathered.log == mark.log, gathered.through == mark.after {
      gathered.through = mark.through
      gathered.counts.merge(mark.counts) { $0 + $1 }
      waiting = gathered
    } else {
      waiting = mark
    }
    return due(listeners: listeners, now: now)
  }

  /// The mark that has waited long enough.
  mutating func due(listeners: Int, now: ContinuousClock.Instant) -> Mark? {
    if !isClosing, let deadline, now < deadline { return nil }
    deadline = nil
    guard let mark = waiting else { return nil }
    waiting = nil
    let count = Int(clamping: mark.through.rawValue - mark.after.rawValue)
    if count >= MarkPace.fewestEvents {
      deadline = now + min(MarkPace.longest(for: listeners), MarkPace.perEvent * min(count, 1_000_000))
    }
    return mark
  }

  private static func longest(for listeners: Int) -> Duration {
    min(longestForMany, max(longest, perListener * min(listeners, 1_000_000)))
  }

  /// busd closes: what waits goes, and nothing waits any more.
  mutating func close(now: ContinuousClock.Instant) -> Mark? {
    isClosing = true
    return due(listeners: 0, now: now)
  }
}
