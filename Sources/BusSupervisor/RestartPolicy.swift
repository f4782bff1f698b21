/// When a process that ended is started again.
///
/// One that had settled comes back at once: its end says nothing about the next start. One that never settles waits
/// longer each time, so that a program that cannot start does not eat the machine.
public struct RestartPolicy: Sendable, Equatable {
  /// The delay after the first start that did not settle.
  public var base: Duration
  /// What each further delay is multiplied with.
  public var factor: Double
  /// The longest delay.
  public var maximum: Duration
  /// How long a process has to be up to count as settled.
  public var settledAfter: Duration

  /// Half a second, half as much again each time, at most half a minute.
  public static let standard = RestartPolicy()

  /// Makes a policy; without words it is ``standard``.
  public init(
    base: Duration = .milliseconds(500), factor: Double = 1.5, maximum: Duration = .seconds(30),
    settledAfter: Duration = .seconds(1)
  ) {
    self.base = max(.zero, base)
    self.factor = max(1, factor)
    self.maximum = max(.zero, maximum)
    self.settledAfter = max(.zero, settledAfter)
  }

  /// How long to wait after so many starts in a row that did not settle; nothing after none.
  public func delay(afterFailures failures: Int) -> Duration {
    guard failures > 0 else { return .zero }
    var delay = min(base, maximum)
    for _ in 1..<min(failures, 1000) where delay < maximum { delay = min(delay * factor, maximum) }
    return delay
  }
}
