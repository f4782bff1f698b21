internal import BusProtocol
internal import BusTopology

/// Which topics a reader may hear, each decided once for an answer of many events.
struct Audience {
  private let guarded: Guarded
  private var decided: [ArraySlice<UInt8>: Bool] = [:]

  /// Topics beyond this many are decided anew each time.
  private static let maximumCount = 10_000

  init(_ guarded: Guarded) { self.guarded = guarded }

  /// Whether a topic, given as the bytes of a record, may be heard.
  mutating func mayHear(_ topic: ArraySlice<UInt8>) -> Bool {
    if let known = decided[topic] { return known }
    let may = guarded.allows(.subscribe, String(decoding: topic, as: UTF8.self))
    // A copy: the slice holds on to the bytes of a whole segment.
    if decided.count < Audience.maximumCount { decided[Array(topic)[...]] = may }
    return may
  }
}
