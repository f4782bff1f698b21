import Bus
import BusProtocol

/// Listeners, each on a connection of its own, that hear what is published to `bench` and count it.
struct Audience: Sendable {
  private let begun: Countdown
  private let heard: Countdown
  private let each: (@Sendable (Event) -> Void)?

  /// Runs the body beside so many listeners, which have heard a first event when it begins and expect `count` more each.
  static func with<R: Sendable>(
    _ size: Int, _ bed: Bed, _ client: BusClient, expecting count: Int,
    each: (@Sendable (Event) -> Void)? = nil, _ body: @escaping @Sendable (Audience) async throws -> R
  ) async throws -> R {
    let audience = Audience(begun: Countdown(size), heard: Countdown(size), each: each)
    return try await withThrowingTaskGroup(of: R?.self) { group in
      for _ in 0..<size {
        group.addTask {
          try await audience.listen(bed, until: count)
          return nil
        }
      }
      group.addTask {
        client.publish("begin")
        try await audience.begun.wait()
        return try await body(audience)
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      throw Failure(description: "the listeners ended")
    }
  }

  /// Returns when each listener has heard all that it expects.
  func untilAllHeard() async throws { try await heard.wait() }

  private func listen(_ bed: Bed, until count: Int) async throws {
    let tool = try bed.tool()
    defer { tool.stop() }
    let next = tool.follow(["bench", "begin"], after: .zero)
    var seen = 0
    while seen < count {
      for event in try await next().events {
        if event.topic == "begin" {
          begun.hit()
        } else {
          seen += 1
          each?(event)
        }
      }
    }
    heard.hit()
  }
}
