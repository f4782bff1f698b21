internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One run of one process: started in a group of its own, read until it ended, and nothing of its group left behind.
///
/// A thread starts it and waits for it. That this is one thread matters to a child that asks the system for a signal
/// at the death of its parent (`PR_SET_PDEATHSIG`): Linux means the thread that started it.
final class ChildProcess: Sendable {
  private let definition: ProcessDefinition
  private let environment: [String: String]
  private let state = Mutex(State.starting(pending: nil))

  /// What may be signalled.
  private enum State {
    /// Nothing yet; a signal waits until there is a process.
    case starting(pending: ProcessPool.ProcessSignal?)
    /// The process: as long as it is not reaped, its number is nobody else's.
    case running(Int32)
    /// Nothing any more.
    case ended
  }

  init(_ definition: ProcessDefinition, environment: [String: String]) {
    self.definition = definition
    self.environment = environment
  }

  /// Runs until the process itself has ended and all that it wrote has been handed on, one line after the other.
  func run(
    line: @escaping @Sendable (String) -> Void, launched: @escaping @Sendable (Int32) -> Void
  ) async -> ProcessEnd {
    await withCheckedContinuation { continuation in
      let thread = BlockingThread { [self] in
        continuation.resume(returning: runBlocking(line: line, launched: launched))
      }
      if let thread {
        thread.detach()
      } else {
        continuation.resume(returning: .notStarted(reason: "the system has no thread left"))
      }
    }
  }

  /// Sends a signal to the process and to all that it started, as far as those stayed in its group.
  func signal(_ signal: ProcessPool.ProcessSignal) {
    state.withLock { state in
      switch state {
      case .starting: state = .starting(pending: signal)
      case .running(let pid): Self.send(signal, to: pid)
      case .ended: break
      }
    }
  }

  private static func send(_ signal: ProcessPool.ProcessSignal, to pid: Int32) {
    // A group that is already gone is what was wanted.
    _ = kill(-pid, signal == .kill ? SIGKILL : SIGTERM)
  }

  private func runBlocking(
    line: @escaping @Sendable (String) -> Void, launched: @Sendable (Int32) -> Void
  ) -> ProcessEnd {
    guard let output = Pipe() else { return .notStarted(reason: "no file descriptor is left: see 'ulimit -n'") }
    defer { close(output.readEnd) }
    guard let over = Pipe() else {
      close(output.writeEnd)
      return .notStarted(reason: "no file descriptor is left: see 'ulimit -n'")
    }
    defer { close(over.readEnd) }
    let started = Spawn.start(definition, environment: environment, output: output.writeEnd)
    close(output.writeEnd)
    switch started {
    case .failure(let error):
      close(over.writeEnd)
      return .notStarted(reason: error.reason)
    case .success(let pid):
      state.withLock { state in
        if case .starting(let pending?) = state { Self.send(pending, to: pid) }
        state = .running(pid)
      }
      launched(pid)
      let reader = BlockingThread { LineReader.read(from: output.readEnd, over: over.readEnd, line: line) }
      let end = waitForEnd(pid)
      // Said with a byte: somebody else's child may hold the other end of a closed pipe open.
      var byte: UInt8 = 0
      _ = write(over.writeEnd, &byte, 1)
      close(over.writeEnd)
      reader?.join()
      return end
    }
  }

  /// Waits, kills what the process left of its group, and only then lets its number go.
  private func waitForEnd(_ pid: Int32) -> ProcessEnd {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    return state.withLock { state in
      // What it started must not outlive it: the next run would meet it.
      Self.send(.kill, to: pid)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      state = .ended
      // As <sys/wait.h> has it: the low seven bits are the signal, the next byte is the status.
      return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signaled(status & 0x7F)
    }
  }
}
