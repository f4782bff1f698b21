internal import Synchronization

/// What is on its way to a supervisor's loop, and how much of it.
final class SupervisorFeed: Sendable {
  /// The inputs in the order in which they came.
  let inputs: AsyncStream<SupervisorLoop.Input>
  private let continuation: AsyncStream<SupervisorLoop.Input>.Continuation
  private let count = Mutex(0)

  // At most a few per process and one per wish and deadline are on their way at once.
  init() { (inputs, continuation) = AsyncStream.makeStream(of: SupervisorLoop.Input.self) }

  /// Whether nothing is on its way.
  var isEmpty: Bool { count.withLock { $0 == 0 } }

  func yield(_ input: SupervisorLoop.Input) {
    count.withLock { $0 += 1 }
    continuation.yield(input)
  }

  /// One was taken.
  func take() { count.withLock { $0 -= 1 } }

  func finish() { continuation.finish() }
}
