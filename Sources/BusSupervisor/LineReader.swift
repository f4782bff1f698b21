#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Reads the lines of a process from its pipe, on a thread that sleeps while there are none.
enum LineReader {
  /// Reads until the end of the file, or until the process is over and what it wrote has been read: a grandchild may
  /// hold the pipe open for ever. `over` is the pipe whose write end is closed then.
  static func read(from descriptor: Int32, over: Int32, line: (String) -> Void) {
    var splitter = LineSplitter()
    var polls = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: over, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = poll(&polls, nfds_t(polls.count), -1)
      guard count > 0 || errno == EINTR else { break }
      // Looked at before the last read: what was written before the end is there by now.
      let isOver = polls[1].revents != 0
      let isOpen = readAll(descriptor, &splitter, line)
      if !isOpen || isOver { break }
    }
    if let last = splitter.finish() { line(last) }
  }

  /// Hands on what is there; false at the end of the file.
  private static func readAll(_ descriptor: Int32, _ splitter: inout LineSplitter, _ line: (String) -> Void) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafeRead(descriptor, &buffer)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 && errno == EAGAIN }
      for text in splitter.add(buffer[..<count]) { line(text) }
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
