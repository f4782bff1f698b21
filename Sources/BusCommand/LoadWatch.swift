internal import Bus
internal import BusProtocol

/// Asks busd again and again how long the oldest job of each engine has waited, for a supervisor that scales by that.
struct LoadWatch: Sendable {
  /// How often it asks.
  static let interval = Duration.seconds(2)

  /// What it heard; while busd does not answer there is nothing.
  let loads: AsyncStream<[String: Duration]>
  private let feed: AsyncStream<[String: Duration]>.Continuation
  private let environment: [String: String]

  init(_ environment: [String: String]) {
    self.environment = environment
    // Only the newest is worth something.
    (loads, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Asks until the task is cancelled.
  func run() async {
    defer { feed.finish() }
    let tool: ToolConnection
    do {
      var environment = environment
      environment["BUS_ENVIRONMENT"] = nil
      tool = try ToolConnection(
        try BusConfiguration(environment: environment, service: "bus"), logger: QuietLogger.make())
    } catch {
      Output.say("nothing is scaled by its load: \(error)")
      return
    }
    defer { tool.stop() }
    while true {
      do { try await ContinuousClock().sleep(for: LoadWatch.interval) } catch { return }
      if let loads = await ask(tool) { feed.yield(loads) }
    }
  }

  private func ask(_ tool: ToolConnection) async -> [String: Duration]? {
    do {
      let reply = try await tool.request(timeout: LoadWatch.interval) {
        .ask(request: $0, about: "queues", parameters: [:])
      }
      guard case .answer(_, let answer) = reply, case .array(let queues)? = answer["queues"] else { return nil }
      return Self.loads(queues, now: SystemClock.now())
    } catch {
      // busd is away: who knows nothing changes nothing.
      return nil
    }
  }

  /// How long the oldest ready job of each engine has waited; more hands are of no use to a queue that is paused.
  static func loads(_ queues: [JSONValue], now: Timestamp) -> [String: Duration] {
    var loads: [String: Duration] = [:]
    for queue in queues {
      guard let words = queue.string("queue"), let name = try? QueueName(words) else { continue }
      let isPaused = queue["pause"].map { $0 != .null } ?? false
      let oldest = isPaused ? nil : queue.string("oldest_ready_at").flatMap { try? Timestamp($0) }
      let age = oldest.map { max(.zero, now - $0) } ?? .zero
      loads[name.engine.text] = max(loads[name.engine.text] ?? .zero, age)
    }
    return loads
  }
}
