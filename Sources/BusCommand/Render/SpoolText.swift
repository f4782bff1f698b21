internal import BusProtocol

/// What is said of the spool.
enum SpoolText {
  /// The lines of `bus spool stat`.
  static func lines(_ json: JSONValue) throws(ProtocolError) -> [String] {
    let spool = try json.members("spool")
    let first: UInt64 = try spool.read("first")
    let head: UInt64 = try spool.read("head")
    let count = first == 0 || head < first ? 0 : head - first + 1
    let range = count == 0 ? "none" : "\(count), \(Offset(first)) to \(Offset(head))"
    return [
      "directory  \(Printable.line(try spool.string("directory")))", "events     \(range)",
      "segments   \(try spool.integer("segments"))", "size       \(Brief.bytes(try spool.read("bytes")))",
      "free       \(Brief.bytes(try spool.read("free")))",
    ]
  }
}
