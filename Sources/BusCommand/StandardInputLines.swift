#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The lines of standard input, one at a time.
struct StandardInputLines {
  /// The number of the last line, from 1.
  private(set) var number = 0
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false

  /// The next line that is not empty, nil at the end.
  mutating func next() throws -> [UInt8]? {
    while true {
      if let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[position..<end])
        position = end + 1
        number += 1
        if !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { return line }
      } else if isAtEnd {
        guard position < buffer.count else { return nil }
        buffer.append(UInt8(ascii: "\n"))
      } else {
        try fill()
      }
    }
  }

  private mutating func fill() throws {
    buffer.removeFirst(position)
    position = 0
    guard buffer.count <= InputText.maximumByteCount else {
      throw CommandError(
        .badData, "line \(number + 1) has more than \(Brief.bytes(UInt64(InputText.maximumByteCount)))",
        where: "standard input", help: "write one JSON object a line")
    }
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    var count = 0
    repeat { count = read(STDIN_FILENO, &chunk, chunk.count) } while count < 0 && errno == EINTR
    guard count >= 0 else {
      throw CommandError(
        .badData, "standard input cannot be read: \(String(cString: strerror(errno)))", where: "standard input",
        help: "check what is piped in")
    }
    isAtEnd = count == 0
    buffer += chunk[..<count]
  }
}
