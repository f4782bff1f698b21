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
  private let origin: Origin
  private let state: Mutex<State>

  /// Where the process comes from.
  private enum Origin {
    /// It is to be started.
    case launch(Launch)
    /// The program that was in this process before had started it.
    case handover(Handover.Child)
  }

  /// What may be signalled.
  private enum State {
    /// Nothing yet; a signal waits until there is a process.
    case starting(pending: ProcessPool.ProcessSignal?)
    /// The process: as long as it is not reaped, its number is nobody else's.
    case running(Running)
    /// Nothing any more.
    case ended
  }

  /// What there is of a process that runs.
  private struct Running {
    let pid: Int32
    let output: Int32
    let service: ServiceSocket?
    let reader: LineReader
  }

  init(_ launch: Launch) {
    origin = .launch(launch)
    state = Mutex(.starting(pending: nil))
  }

  /// A process that runs, and is heard on these descriptors.
  init(resuming child: Handover.Child) {
    origin = .handover(child)
    state = Mutex(.starting(pending: nil))
  }

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
      if case .running(let running) = state { _ = kill(-running.pid, number) }
    }
  }

  /// Sends a signal to the process and to all that it started, as far as those stayed in its group.
  func signal(_ signal: ProcessPool.ProcessSignal) {
    state.withLock { state in
      switch state {
      case .starting: state = .starting(pending: signal)
      case .running(let running): Self.send(signal, to: running.pid)
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

  /// What has to be known of processes that run before anybody starts one, or reaps what is nobody's.
  static func prepare(for handover: Handover) {
    if let held = handover.descriptors.processGuard { ProcessGuard.resume(held) }
    for child in handover.members.compactMap(\.child) { OrphanReaper.note(child.pid) }
  }

  /// Runs the body while nothing is read of it and its number stays its own, with what the next program has to know;
  /// nil when it is being started or has ended.
  func whileStill<R>(_ body: (Handover.Child) -> R) -> R? {
    var result: R?
    state.withLock { state in
      guard case .running(let running) = state else { return }
      running.reader.whileStill { rest in
        let service = running.service
        let child = Handover.Child(
          pid: running.pid, output: running.output, service: service?.descriptor, serviceName: service?.name,
          rest: rest)
        result = body(child)
      }
    }
    return result
  }

  private func runBlocking(_ listener: Listener) -> ProcessEnd {
    guard let over = Pipe() else { return Self.noDescriptor }
    defer { close(over.readEnd) }
    switch origin {
    case .launch(let launch): return start(launch, over: over, listener)
    case .handover(let child):
      let service = child.service.map { ServiceSocket(descriptor: $0, name: child.serviceName ?? "") }
      defer {
        close(child.output)
        service?.close()
      }
      let reader = LineReader(
        output: child.output, over: over.readEnd, service: service, listener: listener, rest: child.rest)
      return hear(Running(pid: child.pid, output: child.output, service: service, reader: reader), over: over)
    }
  }

  private static let noDescriptor = ProcessEnd.notStarted(reason: "no file descriptor is left: see 'ulimit -n'")

  private func start(_ launch: Launch, over: Pipe, _ listener: Listener) -> ProcessEnd {
    guard let output = Pipe() else {
      close(over.writeEnd)
      return Self.noDescriptor
    }
    defer { close(output.readEnd) }
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
      let reader = LineReader(output: output.readEnd, over: over.readEnd, service: service, listener: listener)
      return hear(Running(pid: pid, output: output.readEnd, service: service, reader: reader), over: over) {
        listener.launched(pid)
      }
    }
  }

  /// Reads what a process says until it has ended and all of it has been handed on.
  private func hear(_ running: Running, over: Pipe, launched: () -> Void = {}) -> ProcessEnd {
    state.withLock { state in
      if case .starting(let pending?) = state { Self.send(pending, to: running.pid) }
      state = .running(running)
    }
    launched()
    let reader = BlockingThread { running.reader.read() }
    let end = waitForEnd(running.pid)
    // Said with a byte: somebody else's child may hold the other end of a closed pipe open.
    var byte: UInt8 = 0
    _ = write(over.writeEnd, &byte, 1)
    close(over.writeEnd)
    reader?.join()
    return end
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
