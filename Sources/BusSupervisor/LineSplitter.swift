/// Cuts what a process writes into lines. A line that never ends is cut where it gets too long.
struct LineSplitter {
  /// The longest line, in bytes.
  static let maximumLineByteCount = 64 << 10

  /// What has no end yet.
  private(set) var rest: [UInt8] = []

  init(rest: [UInt8] = []) { self.rest = rest }

  /// The lines that the bytes complete, without their line feeds.
  mutating func add(_ bytes: some Collection<UInt8>) -> [String] {
    var lines: [String] = []
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        lines.append(take())
      } else {
        rest.append(byte)
        if rest.count >= LineSplitter.maximumLineByteCount { lines.append(take()) }
      }
    }
    return lines
  }

  /// The last line, which no line feed ended.
  mutating func finish() -> String? { rest.isEmpty ? nil : take() }

  /// Bytes that are no UTF-8 are replaced, and carriage returns before the end of a line left out.
  private mutating func take() -> String {
    while rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    let line = String(decoding: rest, as: UTF8.self)
    rest.removeAll(keepingCapacity: true)
    return line
  }
}
