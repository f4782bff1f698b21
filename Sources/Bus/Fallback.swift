/// Who takes an event that the outbox cannot keep, or a job that busd cannot be asked for: the next one in order.
///
/// ```swift
/// configuration.fallbacks = [.inline, .discard]
/// bus.publish("page_viewed", ["page": "/"], fallbacks: [.discard])       // for one call
/// ```
/// Without a busd nothing falls back at first: the outbox keeps events until it is full or its disk is. Then, or when
/// busd did not answer an enqueue in time, the fallbacks are asked. None is configured at first: the event is refused
/// and counted, the enqueue throws. ``Receipt/taker`` and the outcome of an enqueue say who took it.
public enum Fallback: Sendable {
  /// The engines of this process, for events that one of them wants and jobs that one of them can run at once.
  ///
  /// Nothing keeps the work when the process ends. busd may have heard of a job that it did not answer for: then it runs
  /// twice, as every job may.
  case inline(InlineBus)
  /// Nobody: it is counted, and said in the log.
  case discard

  /// The engines that run in this process.
  public static var inline: Fallback { .inline(.process) }
}
