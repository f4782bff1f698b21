import Bus

/// The data of the events.
struct Payload: Sendable {
  let name: String
  let bytes: [UInt8]

  /// A JSON object of exactly so many bytes.
  init(_ name: String, byteCount: Int) {
    self.name = name
    bytes = Array(#"{"filler":"\#(String(repeating: "x", count: byteCount - 13))"}"#.utf8)
  }

  static let hundredBytes = Payload("100 B", byteCount: 100)
  static let kibibyte = Payload("1 KiB", byteCount: 1024)
}

extension BusClient {
  /// Twice as much may be under way to busd's disk: who publishes waits for nobody, but an outbox is bounded.
  private static let windowByteCount = 8 << 20

  /// Publishes events of `bench`, as fast as busd's disk takes them; returns when all are there.
  func pipeline(_ count: Int, _ payload: Payload) async throws {
    guard count > 0 else { return }
    let window = BusClient.windowByteCount / payload.bytes.count
    var (last, before): (Receipt?, Receipt?)
    for number in 1...count {
      let receipt = publish("bench", bytes: payload.bytes)
      guard number.isMultiple(of: window) || number == count else { continue }
      try await before?.stored(timeout: .seconds(300))
      (before, last) = (last, receipt)
    }
    try await before?.stored(timeout: .seconds(300))
    try await last?.stored(timeout: .seconds(300))
  }
}
