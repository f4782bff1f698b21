internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A task that does one run after the other, for who has to cancel it: also before the task is known.
final class RunTask: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  private let state = Mutex(State())

  /// How many tasks make progress at the same time.
  static let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  /// Whether somebody cancelled it: then it takes no other run.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// The task is there; it may have ended already.
  func attach(_ task: Task<Void, Never>) {
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }
}

/// What several tasks take from until nothing is left.
final class Gathered<Element: Sendable>: Sendable {
  private let rest: Mutex<[Element]>

  init(_ elements: some Collection<Element>) { rest = Mutex(elements.reversed()) }

  func next() -> Element? { rest.withLock { $0.popLast() } }
}
