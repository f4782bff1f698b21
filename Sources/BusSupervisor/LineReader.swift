internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Hears a process: the lines from its pipe and the messages from its socket, on a thread that sleeps while there are
/// none.
final class LineReader: Sendable {
  private let output: Int32
  /// The pipe that gets a byte when the process is over.
  private let over: Int32
  private let service: ServiceSocket?
  private let listener: ChildProcess.Listener
  /// Held from a read to the moment in which all of it was handed on.
  private let splitter: Mutex<LineSplitter>

  init(
    output: Int32, over: Int32, service: ServiceSocket?, listener: ChildProcess.Listener, rest: [UInt8] = []
  ) {
    self.output = output
    self.over = over
    self.service = service
    self.listener = listener
    splitter = Mutex(LineSplitter(rest: rest))
  }

  /// Runs the body while nothing is read, with what it has of a line.
  func whileStill(_ body: (_ rest: [UInt8]) -> Void) { splitter.withLock { body($0.rest) } }

  /// Reads until the process is over and what it wrote has been read: a grandchild may hold the pipe open for ever.
  func read() {
    // Not looked at: negative.
    var polls = [output, over, service?.descriptor ?? -1].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while true {
      let count = poll(&polls, nfds_t(polls.count), -1)
      guard count > 0 || count < 0 && errno == EINTR else { break }
      // Looked at before the last read: what was written before the end is there by now.
      let isOver = polls[1].revents != 0
      let isAtEnd = splitter.withLock { splitter in
        if polls[2].revents != 0, let service { for message in service.messages() { listener.message(message) } }
        return (polls[0].revents != 0 || isOver) && polls[0].fd >= 0
          && !readAll(&splitter, rounds: isOver ? .max : LineReader.roundCount)
      }
      // A process may close its output and go on.
      if isAtEnd { polls[0].fd = -1 }
      if isOver { break }
    }
    splitter.withLock { if let last = $0.finish() { listener.line(last) } }
  }

  /// How often is read before others have their turn: one who always writes must not keep them out.
  private static let roundCount = 16

  /// Hands on what is there; false at the end of the file.
  private func readAll(_ splitter: inout LineSplitter, rounds: Int) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    for _ in 0..<rounds {
      let count = Self.unsafeRead(output, &buffer)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 && errno == EAGAIN }
      for text in splitter.add(buffer[..<count]) { listener.line(text) }
    }
    return true
  }

  private static func unsafeRead(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, &buffer, buffer.count)
    #elseif canImport(Musl)
      Musl.read(descriptor, &buffer, buffer.count)
    #else
      Darwin.read(descriptor, &buffer, buffer.count)
    #endif
  }
}
