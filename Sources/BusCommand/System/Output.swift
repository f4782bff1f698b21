internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Whoever read our output went away; the command ends without a word.
struct ClosedPipe: Error {}

/// Writes to standard output and standard error, past every buffer: what is written is seen.
enum Output {
  /// Data: to standard output.
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Data as lines.
  static func write(lines: [String]) throws {
    guard !lines.isEmpty else { return }
    try write(lines.joined(separator: "\n") + "\n")
  }

  /// A value as one line of JSON.
  static func write(json: JSONValue) throws { try write(json.bytes + [UInt8(ascii: "\n")]) }

  /// Words: to standard error. What cannot be said there cannot be said at all.
  static func say(_ text: String) {
    do { try write(Array("\(text)\n".utf8), to: STDERR_FILENO) } catch { return }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) throws {
    try bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = unsafeWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno == EPIPE {
          throw ClosedPipe()
        } else if errno == EAGAIN {
          // Somebody else made the terminal non-blocking.
          var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wait, 1, -1)
        } else if errno != EINTR {
          throw CommandError(
            .system, "the output cannot be written: \(String(cString: strerror(errno)))",
            where: "file descriptor \(descriptor)", help: "check where it goes, and the space there")
        }
      }
    }
  }

  private static func unsafeWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
