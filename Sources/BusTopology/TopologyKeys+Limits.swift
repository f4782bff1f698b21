internal import BusProtocol

/// The section `bus.limits`.
enum LimitsKeys {
  private static let standard = LimitsDefinition.standard

  static let payload = Key(
    "payload", .byteCount(upTo: RecordHeader.maximumDataByteCount),
    "The most data of one event. Publishers are told, and refuse more where it is published; at most 1MiB.",
    example: "64KiB", standard: .string(ByteCount(bytes: Int64(standard.payload)).description))
  static let sessions = Key(
    "sessions", .wholeNumber(1...1_000_000), "The most processes that are connected at once.", example: "2000",
    standard: standard.sessions.jsonValue)
  static let subscriptions = Key(
    "subscriptions", .wholeNumber(1...SubscriptionWish.maximumCount), "The most subscriptions of one process.",
    example: "200", standard: standard.subscriptions.jsonValue)
  static let events = Key(
    "events", .rate,
    "How many events one process may send in a second, minute, hour or day. More wait in its outbox. "
      + "Without it: any number.",
    example: "5000/s")
  static let bytes = Key(
    "bytes", .byteCount,
    "How many bytes of events one process may send in a second. More wait in its outbox. Without it: any number.",
    example: "20MiB")
  static let table = KeyTable(
    "bus.limits", [payload.entry, sessions.entry, subscriptions.entry, events.entry, bytes.entry])
}
