#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Hears a process: the lines from its pipe and the messages from its socket, on a thread that sleeps while there are
/// none.
struct LineReader {
  let output: Int32
  /// The pipe that gets a byte when the process is over.
  let over: Int32
  let service: ServiceSocket?
  let listener: ChildProcess.Listener

  /// Reads until the process is over and what it wrote has been read: a grandchild may hold the pipe open for ever.
  func read() {
    var splitter = LineSplitter()
    // Not looked at: negative.
    var polls = [output, over, service?.descriptor ?? -1].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while true {
      let count = poll(&polls, nfds_t(polls.count), -1)
      guard count > 0 || count < 0 && errno == EINTR else { break }
      // Looked at before the last read: what was written before the end is there by now.
      let isOver = polls[1].revents != 0
      if polls[2].revents != 0, let service { for message in service.messages() { listener.message(message) } }
      // A process may close its output and go on.
      if polls[0].revents != 0 || isOver, polls[0].fd >= 0, !readAll(&splitter) { polls[0].fd = -1 }
      if isOver { break }
    }
    if let last = splitter.finish() { listener.line(last) }
  }

  /// Hands on what is there; false at the end of the file.
  private func readAll(_ splitter: inout LineSplitter) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Self.unsafeRead(output, &buffer)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 && errno == EAGAIN }
      for text in splitter.add(buffer[..<count]) { listener.line(text) }
    }
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
