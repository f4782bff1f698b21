/// What gathers for a loop while it is busy: batch n+1 fills here while the loop syncs batch n.
///
/// That is the whole of group commit: no timer, and nobody waits for more to come.
struct Inbox<Item> {
  /// Beyond this much the socket is not read until the loop has caught up: the senders' queues fill, then they wait.
  static var maximumByteCount: Int { 64 << 20 }

  private var waiting: [Item] = []
  private var byteCount = 0
  private var isBusy = false

  var isFull: Bool { byteCount >= Inbox.maximumByteCount }

  /// Adds what came in.
  mutating func put(_ item: Item, byteCount: Int) {
    waiting.append(item)
    self.byteCount += byteCount
  }

  /// All that waits, once the loop is free; then the loop is busy until ``finished()``.
  mutating func take() -> [Item]? {
    guard !isBusy, !waiting.isEmpty else { return nil }
    isBusy = true
    defer {
      waiting = []
      byteCount = 0
    }
    return waiting
  }

  /// The loop has answered.
  mutating func finished() { isBusy = false }
}
