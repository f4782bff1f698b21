#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads a topology's file, at most a byte more than a topology may have.
enum TopologyFile {
  static func text(at path: String) throws(TopologyError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refusal(of: path, reason: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= YAMLReader.maximumBytes {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refusal(of: path, reason: errno) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw refusal(ofBytes: bytes, in: path) }
    return text
  }

  /// Bytes that are no UTF-8 become U+FFFD where they stand: that is the place.
  private static func refusal(ofBytes bytes: [UInt8], in path: String) -> TopologyError {
    let source = SourceText(String(decoding: bytes, as: UTF8.self), file: path)
    let row = source.lines.firstIndex { $0.contains("\u{FFFD}") } ?? 0
    let column = source.lines[row].firstIndex(of: "\u{FFFD}") ?? 0
    let place = SourceText.Place(line: row + 1, column: column + 1)
    return TopologyError([
      source.finding(at: place, "not UTF-8", help: "save the file as plain text in UTF-8")
    ])
  }

  private static func refusal(of path: String, reason: Int32) -> TopologyError {
    let reason = strerror(reason).map { String(cString: $0) } ?? "error \(reason)"
    return TopologyError([
      TopologyFinding(
        file: path, line: 0, column: 0, problem: "cannot be read: \(reason)",
        help: "check the path; 'bus topology check FILE' reads any other one")
    ])
  }
}
