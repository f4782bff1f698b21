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
  /// Nothing ends: all processes are replaced by those of the programs as they are now.
  case upgrade
}

/// Turns SIGINT, SIGTERM and SIGHUP into wishes: the first one asks, each further SIGINT or SIGTERM insists. SIGUSR1
/// and SIGUSR2 are handed on to the processes.
///
/// There is one in a process: it takes the signals over for as long as the process lives.
public struct StopSignals: Sendable {
  /// What SIGHUP means.
  public enum Hangup: Sendable {
    /// That the terminal is closed: everything ends.
    case end
    /// That there are new programs, as daemons have it.
    case upgrade

    /// A daemon's meaning, unless there is a terminal that can be closed.
    public static var upgradeWithoutTerminal: Hangup {
      let terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)
      guard terminal >= 0 else { return .upgrade }
      close(terminal)
      return .end
    }
  }

  /// The wishes as they come; never ends by itself.
  public let wishes: AsyncStream<StopWish>
  private let continuation: AsyncStream<StopWish>.Continuation
  private let first: FirstSignal

  /// Takes the signals over from the system; the error says why that was not possible.
  ///
  /// Signals that came while one program took the place of another in this process wait in the pipe of the old one.
  public init(hangup: Hangup = .end, resuming handover: Handover? = nil) throws(SupervisorError) {
    (wishes, continuation) = AsyncStream.makeStream(of: StopWish.self, bufferingPolicy: .bufferingOldest(8))
    first = FirstSignal(hangup: hangup)
    let reading: Int32
    if let held = handover?.descriptors, let readEnd = held.signalRead, let writeEnd = held.signalWrite {
      (reading, signalPipe) = (readEnd, writeEnd)
    } else {
      guard let pipe = Pipe(), fcntl(pipe.readEnd, F_SETFL, 0) == 0 else { throw StopSignals.refusal }
      (reading, signalPipe) = (pipe.readEnd, pipe.writeEnd)
    }
    readEnd = reading
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { signal(number, noteSignal) }
    let (continuation, first, unheard) = (continuation, first, unheard)
    let thread = BlockingThread {
      var next = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
      // The write end is never closed: the thread lives as long as the process.
      while poll(&next, 1, -1) == 1 || errno == EINTR {
        unheard.withLock { unheard in
          guard let number = readByte(reading), let wish = first.wish(for: Int32(number)) else { return }
          unheard += 1
          continuation.yield(wish)
        }
      }
    }
    guard let thread else { throw StopSignals.refusal }
    thread.detach()
  }

  private let readEnd: Int32
  private let unheard = UnheardCount()

  /// The ends of its pipe.
  var descriptors: (readEnd: Int32, writeEnd: Int32) { (readEnd, signalPipe) }

  /// Wishes it without a signal.
  public func wish(_ wish: StopWish) {
    unheard.withLock { unheard in
      unheard += 1
      continuation.yield(wish)
    }
  }

  /// One of the wishes was heard.
  func noteHeard() { unheard.withLock { $0 -= 1 } }

  /// Runs the body while no signal is read, as long as all wishes were heard: what comes then waits in the pipe.
  func whileStill(_ body: () -> Void) { unheard.withLock { if $0 <= 0 { body() } } }

  /// What the shell expects after Ctrl-C: 130; 0 after any other wish.
  public var exitStatus: Int32 { first.signal == SIGINT ? 128 + SIGINT : 0 }

  private static var refusal: SupervisorError {
    SupervisorError(
      .system, "signals cannot be taken over: \(String(cString: strerror(errno)))",
      help: "see 'ulimit -n' and 'ulimit -u'")
  }
}

/// How many wishes are on their way.
private final class UnheardCount: Sendable {
  private let count = Mutex(0)

  func withLock(_ body: (inout Int) -> Void) { count.withLock { body(&$0) } }
}

/// A byte that is there; nil when there is none.
private func readByte(_ descriptor: Int32) -> UInt8? {
  var byte: UInt8 = 0
  return read(descriptor, &byte, 1) == 1 ? byte : nil
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
final class FirstSignal: Sendable {
  private let hangup: StopSignals.Hangup

  init(hangup: StopSignals.Hangup) { self.hangup = hangup }

  private let received = Mutex<Int32?>(nil)

  var signal: Int32? { received.withLock { $0 } }

  /// A terminal that closes sends SIGHUP to all at once: it never insists.
  func wish(for signal: Int32) -> StopWish? {
    if signal == SIGUSR1 || signal == SIGUSR2 { return .relay(signal) }
    if signal == SIGHUP, case .upgrade = hangup { return .upgrade }
    let isFirst = received.withLock { received in
      guard received == nil else { return false }
      received = signal
      return true
    }
    if isFirst { return .gracefully }
    return signal == SIGHUP ? nil : .atOnce
  }
}
