/// When a process that ended is started again.
///
/// One that was ready comes back at once: its end says nothing about the next start. One that never gets ready waits
/// longer each time, so that a program that cannot start does not eat the machine.
public struct RestartPolicy: Sendable, Equatable {
  /// The longest delay after the first start in a row that failed.
  public var base: Duration
  /// What each further delay is multiplied with.
  public var factor: Double
  /// The longest delay.
  public var maximum: Duration
  /// How long a process that was ready has to be up for its end to be no failure.
  ///
  /// The first that ends earlier is replaced at once nevertheless; from the second in a row on there is a delay.
  public var settledAfter: Duration
  /// By which part of it a delay is shorter, at most: those that failed together do not all come back together.
  public var spread: Double

  /// After how many failed starts in a row people are told.
  public var alarmAfter: Int
  /// How long a process has to stay up after that for it to be over.
  public var calmAfter: Duration

  /// Half a second, half as much again each time, at most half a minute; each shortened by up to a fifth.
  public static let standard = RestartPolicy()

  /// Makes a policy; without words it is ``standard``.
  public init(
    base: Duration = .milliseconds(500), factor: Double = 1.5, maximum: Duration = .seconds(30),
    settledAfter: Duration = .seconds(1), spread: Double = 0.2, alarmAfter: Int = 5,
    calmAfter: Duration = .seconds(10)
  ) {
    self.base = max(.zero, base)
    self.factor = max(1, factor)
    self.maximum = max(.zero, maximum)
    self.settledAfter = max(.zero, settledAfter)
    self.spread = min(1, max(0, spread))
    self.alarmAfter = max(1, alarmAfter)
    self.calmAfter = max(.zero, calmAfter)
  }

  /// How long to wait after so many starts in a row that failed; nothing after none. `chance` is from 0 to 1.
  public func delay(afterFailures failures: Int, chance: Double = 0) -> Duration {
    guard failures > 0 else { return .zero }
    var delay = min(base, maximum)
    for _ in 1..<min(failures, 1000) where delay < maximum { delay = min(delay * factor, maximum) }
    return delay * (1 - spread * min(1, max(0, chance)))
  }
}
