import Synchronization

/// Waits until something has happened so many times.
final class Countdown: Sendable {
  private let rest: Mutex<Int>
  private let (stream, end) = AsyncStream<Never>.makeStream()

  init(_ count: Int) {
    rest = Mutex(count)
    if count <= 0 { end.finish() }
  }

  /// It happened so many times more.
  func hit(_ count: Int = 1) {
    let isLast = rest.withLock { rest in
      let before = rest
      rest -= count
      return before > 0 && rest <= 0
    }
    if isLast { end.finish() }
  }

  /// Returns when it has happened as often as was asked; throws when the task is cancelled.
  func wait() async throws {
    for await _ in stream {}
    try Task.checkCancellation()
  }
}
