internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// What a signal wishes: that everything ends, most of all.
public enum StopWish: Sendable, Equatable {
  /// In order: what runs may finish within its time.
  case gracefully
  /// At once.
  case atOnce
  /// Nothing ends: the signal is meant for the processes.
  case relay(Int32)
}

/// Turns SIGINT, SIGTERM and SIGHUP into wishes: the first one asks, each further SIGINT or SIGTERM insists. SIGUSR1
/// and SIGUSR2 are handed on to the processes.
///
/// There is one in a process: it takes the signals over for as long as the process lives.
public struct StopSignals: Sendable {
  /// The wishes as they come; never ends by itself.
  public let wishes: AsyncStream<StopWish>
  private let continuation: AsyncStream<StopWish>.Continuation
  private let first = FirstSignal()

  /// Takes the signals over from the system; the error says why that was not possible.
  public init() throws(SupervisorError) {
    (wishes, continuation) = AsyncStream.makeStream(of: StopWish.self, bufferingPolicy: .bufferingOldest(8))
    guard let pipe = Pipe(), fcntl(pipe.readEnd, F_SETFL, 0) == 0 else { throw StopSignals.refusal }
    signalPipe = pipe.writeEnd
    let (continuation, first) = (continuation, first)
    let thread = BlockingThread {
      var number: UInt8 = 0
      // The write end is never closed: the thread lives as long as the process.
      while read(pipe.readEnd, &number, 1) == 1 || errno == EINTR {
        if let wish = first.wish(for: Int32(number)) { continuation.yield(wish) }
      }
    }
    guard let thread else { throw StopSignals.refusal }
    thread.detach()
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { signal(number, noteSignal) }
  }

  /// Wishes it without a signal.
  public func wish(_ wish: StopWish) { continuation.yield(wish) }

  /// What the shell expects after Ctrl-C: 130; 0 after any other wish.
  public var exitStatus: Int32 { first.signal == SIGINT ? 128 + SIGINT : 0 }

  private static var refusal: SupervisorError {
    SupervisorError(
      .system, "signals cannot be taken over: \(String(cString: strerror(errno)))",
      help: "see 'ulimit -n' and 'ulimit -u'")
  }
}

/// Where the handler writes; set before the handler is installed, and never again.
private nonisolated(unsafe) var signalPipe: Int32 = -1

/// Runs in the middle of anything: it may only write a byte.
private func noteSignal(_ number: Int32) {
  let saved = errno
  var byte = UInt8(truncatingIfNeeded: number)
  _ = write(signalPipe, &byte, 1)
  errno = saved
}

/// Remembers the signal that came first.
private final class FirstSignal: Sendable {
  private let received = Mutex<Int32?>(nil)

  var signal: Int32? { received.withLock { $0 } }

  /// A terminal that closes sends SIGHUP to all at once: it never insists.
  func wish(for signal: Int32) -> StopWish? {
    if signal == SIGUSR1 || signal == SIGUSR2 { return .relay(signal) }
    let isFirst = received.withLock { received in
      guard received == nil else { return false }
      received = signal
      return true
    }
    if isFirst { return .gracefully }
    return signal == SIGHUP ? nil : .atOnce
  }
}
