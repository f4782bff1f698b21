import Bus
import BusProtocol

extension Bed {
  /// The only queue of the engine `bench`.
  static let queue = QueueName(engine: "bench", name: "default")

  /// What busd says of the queue, by its numbers.
  func queue(_ tool: ToolConnection) async throws -> (done: Int, merged: Int, hands: Int) {
    guard case .array(let queues)? = try await ask("queues", tool)["queues"],
      let queue = queues.first(where: { $0["queue"] == .string(Bed.queue.description) })
    else { return (0, 0, 0) }
    let numbers = ["done", "merged", "hands"].map { key in queue[key].flatMap(Int.init(jsonValue:)) ?? 0 }
    return (numbers[0], numbers[1], numbers[2])
  }

  func ask(_ about: String, _ tool: ToolConnection) async throws -> JSONValue {
    let reply = try await tool.request(timeout: .seconds(60)) { .ask(request: $0, about: about, parameters: [:]) }
    guard case .answer(_, let answer) = reply else { throw Failure(description: "busd does not answer \(about)") }
    return answer
  }

  /// Lets nothing of the queue start, or all of it.
  func setPaused(_ isPaused: Bool, _ tool: ToolConnection) async throws {
    _ = try await tool.request(timeout: .seconds(60)) {
      .change(
        request: $0, what: isPaused ? "pause_queue" : "resume_queue",
        parameters: ["queue": .string(Bed.queue.description)])
    }
  }

  /// Asks for jobs in groups of a thousand, eight of them under way at once: what is made stays bounded, and busd does
  /// not wait for it.
  func enqueue(_ count: Int, _ client: BusClient, _ wish: (Int) throws -> NoOp = { NoOp(number: $0) }) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for first in stride(from: 0, to: count, by: 1000) {
        if first >= 8000 { try await group.next() }
        let jobs = try (first..<min(first + 1000, count)).map { number in
          try client.wish(wish(number), engine: Bed.queue.engine)
        }
        group.addTask { _ = try await client.enqueue(jobs, timeout: .seconds(120)) }
      }
      try await group.waitForAll()
    }
  }

  /// Looks until the queue has done so many; returns how many it has done then.
  @discardableResult
  func untilDone(_ count: Int, _ tool: ToolConnection, within limit: Duration = .seconds(600)) async throws -> Int {
    let deadline = ContinuousClock.now + limit
    while true {
      let done = try await queue(tool).done
      if done >= count { return done }
      guard deadline > .now else { throw Failure(description: "\(done) of \(count) jobs are done after \(limit)") }
      try await ContinuousClock().sleep(for: .milliseconds(10))
    }
  }

  /// Looks until each of so many subscriptions is run by somebody.
  func untilSubscribed(_ count: Int, _ tool: ToolConnection) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while deadline > .now {
      if case .array(let list)? = try await ask("subscriptions", tool)["subscriptions"], list.count >= count,
        list.allSatisfy({ $0["process"] != .null })
      {
        return
      }
      try await ContinuousClock().sleep(for: .milliseconds(max(20, count / 20)))
    }
    throw Failure(description: "\(count) subscriptions are not all run")
  }

  /// Looks until busd has so many hands for the queue.
  func untilHands(_ count: Int, _ tool: ToolConnection) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await queue(tool).hands < count {
      guard deadline > .now else { throw Failure(description: "busd does not have \(count) hands") }
      try await ContinuousClock().sleep(for: .milliseconds(10))
    }
  }
}
