internal import BusProtocol
internal import BusSpool

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// The file beside a service's outboxes with the events that it may not publish: one JSON object a line, `why` and
/// `event`, a CloudEvent. After a crash an event may stand there twice.
package struct SetAside {
  /// Beyond this much nothing is set aside any more: the outbox holds it until someone has looked.
  static let maximumByteCount = 64 << 20

  let path: String

  init(of outbox: Outbox) {
    let directory = outbox.directory
    path = "\(directory[..<(directory.lastIndex(of: "/") ?? directory.endIndex)])/denied.jsonl"
  }

  /// Adds the events of these sequences, and returns when they are on disk.
  func append(_ sequences: [UInt64], of outbox: Outbox, why: String) throws {
    try write(try SetAside.lines(sequences, of: outbox, why: why))
  }

  /// A line for each of these sequences.
  package static func lines(_ sequences: [UInt64], of outbox: Outbox, why: String) throws -> [UInt8] {
    var lines: [UInt8] = []
    for sequence in sequences {
      guard var event = try outbox.reader.event(at: Offset(sequence)) else { continue }
      // Its place in the outbox is none in busd's spool.
      event.offset = .zero
      let line: JSONObject = ["why": .string(why), "event": event.cloudEvent]
      lines += JSONValue.object(line).bytes + [UInt8(ascii: "\n")]
    }
    return lines
  }

  /// Lines as they follow a byte: one that was torn stays alone.
  package static func behind(_ last: UInt8, _ lines: [UInt8]) -> [UInt8] {
    last == UInt8(ascii: "\n") ? lines : [UInt8(ascii: "\n")] + lines
  }

  private func write(_ lines: [UInt8]) throws(BusError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end + off_t(lines.count) <= off_t(SetAside.maximumByteCount) else {
      throw failure("it is at its limit of \(SetAside.maximumByteCount) bytes")
    }
    var last = UInt8(ascii: "\n")
    if end > 0, pread(descriptor, &last, 1, end - 1) < 0 { throw failure(String(cString: strerror(errno))) }
    let lines = SetAside.behind(last, lines)
    var done = 0
    while done < lines.count {
      let count = lines[done...].withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
          Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
          Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(String(cString: strerror(errno))) }
      done += count
    }
    guard fsync(descriptor) == 0 else { throw failure(String(cString: strerror(errno))) }
  }

  private func failure(_ why: String) -> BusError {
    BusError(code: "outbox", "\(path) cannot be written: \(why)", help: "look at what is in it, and move it away")
  }
}
