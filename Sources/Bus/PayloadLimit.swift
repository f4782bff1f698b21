internal import BusProtocol
internal import Synchronization

/// The most data of one event, as busd said last; the usual limit until then.
final class PayloadLimit: Sendable {
  private let byteCount = Atomic<Int>(Welcome.standardPayload)

  /// busd said what holds.
  func set(_ byteCount: Int) { self.byteCount.store(byteCount, ordering: .relaxed) }

  /// Refuses what is longer, where it is published: busd would have to refuse it behind the publisher's back.
  func check(_ topic: Topic, _ data: [UInt8]) throws(BusError) {
    let limit = byteCount.load(ordering: .relaxed)
    guard data.count <= limit else {
      throw BusError(
        code: "too_large", "event \(topic) has \(data.count) bytes of data, the limit is \(limit)",
        help: "publish an id and keep the rest where its truth is; or write a higher bus.limits.payload")
    }
  }
}
