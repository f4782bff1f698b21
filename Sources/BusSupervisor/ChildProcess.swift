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
  private let launch: Launch
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

  init(_ launch: Launch) { self.launch = launch }

  /// Who hears what a process says, on the threads that wait for it.
  struct Listener: Sendable {
    var line: @Sendable (String) -> Void
    var message: @Sendable (ServiceMessage) -> Void = { _ in }
    var launched: @Sendable (Int32) -> Void = { _ in }
  }

  /// Runs until the process itself has ended and all that it wrote has been handed on, one line after the other.
  func run(_ listener: Listener) async -> ProcessEnd {
    await withCheckedContinuation { continuation in
      let thread = BlockingThread { [self] in
        continuation.resume(returning: runBlocking(listener))
      }
      if let thread {
        thread.detach()
      } else {
        continuation.resume(returning: .notStarted(reason: "the system has no thread left"))
      }
    }
  }

  /// Hands a signal on that somebody else sent; nobody waits for what comes of it.
  func relay(_ number: Int32) {
    state.withLock { state in
      if case .running(let pid) = state { _ = kill(-pid, number) }
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
    let number =
      switch signal {
      case .terminate: SIGTERM
      case .abort: SIGABRT
      case .kill: SIGKILL
      }
    _ = kill(-pid, number)
  }

  private func runBlocking(_ listener: Listener) -> ProcessEnd {
    guard let output = Pipe() else { return .notStarted(reason: "no file descriptor is left: see 'ulimit -n'") }
    defer { close(output.readEnd) }
    guard let over = Pipe() else {
      close(output.writeEnd)
      return .notStarted(reason: "no file descriptor is left: see 'ulimit -n'")
    }
    defer { close(over.readEnd) }
    var launch = launch
    let service = launch.isHeard ? ServiceSocket() : nil
    defer { service?.close() }
    // One that is meant for the supervisor itself is none of its children's.
    launch.environment["NOTIFY_SOCKET"] = service?.name
    let input = launch.input.map(InputFile.make)
    let started = input == -1 ? nil : Spawn.start(launch, output: output.writeEnd, input: input)
    if let input, input >= 0 { close(input) }
    close(output.writeEnd)
    switch started {
    case nil:
      close(over.writeEnd)
      return .notStarted(reason: "its input cannot be kept in /tmp: \(String(cString: strerror(errno)).lowercased())")
    case .failure(let error):
      close(over.writeEnd)
      return .notStarted(reason: error.reason)
    case .success(let pid):
      ProcessGuard.add(pid, output: output.readEnd)
      state.withLock { state in
        if case .starting(let pending?) = state { Self.send(pending, to: pid) }
        state = .running(pid)
      }
      listener.launched(pid)
      let reader = BlockingThread {
        LineReader(output: output.readEnd, over: over.readEnd, service: service, listener: listener).read()
      }
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
      ProcessGuard.remove(pid)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      OrphanReaper.forget(pid)
      state = .ended
      // As <sys/wait.h> has it: the low seven bits are the signal, the next byte is the status.
      return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signaled(status & 0x7F)
    }
  }
}
