public import BusProtocol

extension Timestamp {
  /// The present moment by the system's clock: `bus.enqueue(worker, at: .now + .hours(24))`.
  public static var now: Timestamp { SystemClock.now() }
}

extension Duration {
  /// So many minutes of sixty seconds.
  public static func minutes(_ count: Int) -> Duration { .seconds(60) * count }
  /// So many hours of sixty minutes.
  public static func hours(_ count: Int) -> Duration { .seconds(3600) * count }
  /// So many days of 24 hours.
  public static func days(_ count: Int) -> Duration { .seconds(86_400) * count }
}
