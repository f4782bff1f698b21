internal import BusProtocol

/// Makes of random bytes what passes the first gates: right checksums, known verbs. Chance alone would never get there.
enum Forgery {
  static let requestVerbs = [
    "hello", "carry", "publish", "read", "subscribe", "commit", "enqueue", "hands", "finish", "beat", "ask", "bye",
  ]
  static let replyVerbs = [
    "welcome", "carried", "published", "events", "subscribed", "granted", "committed", "enqueued", "jobs", "finished",
    "beaten", "answer", "refused", "ping",
  ]

  /// The first byte is the verb; a zero byte ends the JSON, what follows is the third frame.
  static func frames(_ bytes: [UInt8], of verbs: [String]) -> [[UInt8]] {
    guard let first = bytes.first else { return [] }
    let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    return [Array(verbs[Int(first) % verbs.count].utf8)] + parts.map(Array.init)
  }

  static let packedRequestVerbs = ["commit", "enqueue", "finish"]
  static let packedReplyVerbs = ["committed", "enqueued", "jobs", "finished"]

  /// The first byte is the verb, the second the number of entries; the header is right, the rest is behind it.
  static func packedFrames(_ bytes: [UInt8], of verbs: [String]) -> [[UInt8]] {
    guard bytes.count > 1 else { return [] }
    let header: [UInt8] = [1, 0, 0, 0, bytes[1] % 8, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
    return [Array(verbs[Int(bytes[0]) % verbs.count].utf8), header + bytes[2...]]
  }

  /// Six bytes say lengths and kind, the rest is the body; checksums and padding are right.
  static func record(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count > 6 else { return bytes }
    let body = Array(bytes[6...])
    var record = [UInt8](repeating: 0, count: RecordHeader.byteCount) + body
    while record.count % 8 != 0 { record.append(0) }
    let header = RecordHeader(
      kind: bytes[4] == 7 ? .seal : .event, bodyByteCount: bytes[5] == 7 ? Int(bytes[0]) << 12 : body.count,
      bodyChecksum: Checksum.crc32c(body.span.bytes), offset: Offset(UInt64(bytes[0])),
      topicByteCount: Int(bytes[0]) | Int(bytes[1] & 1) << 8, headersByteCount: Int(bytes[2]) | Int(bytes[3]) << 8)
    var span = record.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw)
    return record
  }
}
