import BusProtocol
import BusTesting
import Logging
import Synchronization
import Testing

@testable import Bus

struct Size: Codable, Equatable {
  let width: Int
}

/// What the workers of this file wrote.
final class Album: Sendable {
  private let written = Mutex<[String]>([])
  var lines: [String] { written.withLock { $0 } }
  func write(_ line: String) { written.withLock { $0.append(line) } }
}

private struct ResizeImage: Worker {
  let width: Int
  func work(_ run: Run<Album>) async throws {
    guard width > 0 else { throw GiveUp("no width") }
    try run.answer(Size(width: width))
  }
}

private struct NameImage: Worker {
  func work(_ run: Run<Album>) async throws {}
}

private struct PublishAlbum: Worker {
  let album: Int
  var queueLock: LockKey? { LockKey(album) }
  func work(_ run: Run<Album>) async throws {
    let states = try await run.batch?.jobs.map(\.state.rawValue) ?? ["none"]
    let widths = try await run.batchResults(as: Size.self).map { $0.map { "\($0.width)" } ?? "-" }
    run.services.write("album \(album): \(states.joined(separator: " ")): \(widths.joined(separator: " "))")
  }
}

private struct Add: Worker {
  let number: Int
  func work(_ run: Run<Album>) async throws {
    let sum = try await run.previous(as: Int.self) ?? 0
    guard number > 0 else { throw Drop("a number below 1") }
    try run.answer(sum + number)
    run.services.write("sum \(sum + number)")
  }
}

/// A large batch: who waits for it counts.
private struct Count: Worker {
  func work(_ run: Run<Album>) async throws {
    let answers = try await run.batchResults(as: Size.self)
    run.services.write("\(answers.count) answers, \(answers.compactMap(\.self).map(\.width).reduce(0, +))")
  }
}

struct BatchTests {
  private let album = Album()

  private func engine(_ configuration: BusConfiguration) -> Engine<Album> {
    Engine("album", services: album, configuration: configuration, logger: LinesOfLog().logger()) {
      Workers(ResizeImage.self, NameImage.self, PublishAlbum.self, Add.self, Count.self)
    }
  }

  private static func jobs() -> [any Worker] { [ResizeImage(width: 320), NameImage(), ResizeImage(width: 0)] }
  private static let published = "album 7: done done dead: 320 - -"

  /// A real busd, an engine and a client in this process.
  private func withBus(_ body: @Sendable @escaping (BusClient) async throws -> Void) async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(try bus.configuration(service: "shop"), logger: LinesOfLog().logger())
      try await client.whileRunning {
        let engine = engine(try bus.configuration(service: "album"))
        let running = Task { try await engine.run() }
        defer { running.cancel() }
        try await body(client)
        running.cancel()
        _ = await running.result
      }
    }
  }

  @Test func `GM8 the job behind a batch runs when all have ended, with what they answered`() async throws {
    try await withBus { client in
      let outcome = try await client.enqueue(batch: Self.jobs(), then: PublishAlbum(album: 7), engine: "album")
      #expect(outcome.jobs.count == 3 && outcome.outcome == .enqueued(outcome.then))
      #expect(try await client.wait(for: outcome.then, timeout: .seconds(20)).state == .done)
      #expect(album.lines == [Self.published])
      let batch = try #require(try await client.batch(of: outcome.then))
      #expect(batch.jobs.map(\.job) == outcome.jobs.map(\.job))
      #expect(batch.jobs[2].error == "no width")
      #expect(try await client.batch(of: outcome.jobs[0].job) == nil)
      let empty = try await client.enqueue(batch: [], then: PublishAlbum(album: 8), engine: "album")
      #expect(try await client.wait(for: empty.then, timeout: .seconds(20)).state == .done)
      #expect(album.lines.last == "album 8: : ")
    }
  }

  @Test func `a chain hands answers on, and stops where a step does not get done`() async throws {
    try await withBus { client in
      let steps = try await client.enqueue(chain: [Add(number: 1), Add(number: 2), Add(number: 4)], engine: "album")
      let last = try await client.wait(for: steps[2].job, timeout: .seconds(20))
      #expect(last.result == 7)
      #expect(album.lines == ["sum 1", "sum 3", "sum 7"])
      let broken = try await client.enqueue(chain: [Add(number: 1), Add(number: 0), Add(number: 4)], engine: "album")
      let stopped = try await client.wait(for: broken[2].job, timeout: .seconds(20))
      #expect(stopped.state == .cancelled && stopped.reason == "step 2 of its chain ended cancelled")
    }
  }

  @Test func `a batch that is larger than a message is asked for in parts, and read in parts`() async throws {
    try await withBus { client in
      let jobs = (0..<5000).map { _ in ResizeImage(width: 2) }
      let outcome = try await client.enqueue(batch: jobs, then: Count(), engine: "album")
      #expect(outcome.jobs.count == 5000)
      #expect(try await client.wait(for: outcome.then, timeout: .seconds(60)).state == .done)
      #expect(album.lines == ["5000 answers, 10000"])
    }
  }

  @Test func `parts hold what fits, each job once, in order`() throws {
    let then = NewJob(id: JobID(high: 9, low: 9), queue: QueueName(engine: "a", name: "b"), worker: "Then")
    func jobs(_ sizes: [Int]) -> [NewJob] {
      sizes.enumerated().map { index, size in
        NewJob(
          id: JobID(high: 1, low: UInt64(index)), queue: QueueName(engine: "a", name: "b"), worker: "Work",
          inputs: ["text": .string(String(repeating: "x", count: size))])
      }
    }
    for sizes in [[], [1], [200_000, 200_000, 200_000], Array(repeating: 1, count: 4001)] {
      let parts = BusClient.parts(of: jobs(sizes), then: then)
      #expect(parts.flatMap(\.jobs) == jobs(sizes))
      var place = 0
      for part in parts {
        try part.check()
        #expect(part.kind == .batch(then: then, size: sizes.count, first: place))
        #expect(Request.enqueueGroup(request: 1, group: part).frames[1].count < 1 << 20)
        place += part.jobs.count
      }
      #expect(parts.count == (sizes.count > 3 ? 3 : max(1, (sizes.count + 1) / 2)))
    }
  }

  @Test func `in this process the same holds`() async throws {
    let bus = InlineBus()
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "shop"])
    configuration.environment = .inline(bus)
    try await bus.add(engine(configuration))
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    let error = await #expect(throws: BusError.self) {
      try await client.enqueue(batch: Self.jobs(), then: PublishAlbum(album: 7), engine: "album")
    }
    #expect(error?.code == "job_failed")
    #expect(album.lines == [Self.published])
    try await client.enqueue(batch: [], then: PublishAlbum(album: 8), engine: "album")
    #expect(album.lines.last == "album 8: : ")
    try await client.enqueue(chain: [Add(number: 1), Add(number: 2)], engine: "album")
    #expect(album.lines.suffix(2) == ["sum 1", "sum 3"])
    _ = try? await client.enqueue(chain: [Add(number: 0), Add(number: 2)], engine: "album")
    #expect(album.lines.last == "sum 3")
    let large = (0..<3000).map { _ in ResizeImage(width: 1) }
    try await client.enqueue(batch: large, then: Count(), engine: "album")
    #expect(album.lines.last == "3000 answers, 3000")
  }

  @Test func `in a test's bus the same holds, and a run by hand gets its batch`() async throws {
    let bus = try TestBus()
    try await bus.add(engine(try bus.configuration(service: "album")))
    try await bus.run {
      let client = bus.client
      try await client.enqueue(batch: Self.jobs(), then: PublishAlbum(album: 7), engine: "album")
      try await client.enqueue(chain: [Add(number: 1), Add(number: 2)], engine: "album")
    }
    #expect(try bus.jobs("PublishAlbum").first?.state == .parked)
    await #expect(throws: (any Error).self) { try await bus.drain() }
    #expect(Set(album.lines) == [Self.published, "sum 1", "sum 3"])
    let batch = JobBatch(
      then: JobID(high: 0, low: 1), size: 1,
      jobs: [.init(place: 0, job: JobID(high: 0, low: 2), state: .done, result: ["width": 9])])
    try await PublishAlbum(album: 9).work(Run(services: album, batch: batch))
    try await PublishAlbum(album: 10).work(Run(services: album))
    #expect(album.lines.suffix(2) == ["album 9: done: 9", "album 10: none: "])
  }

  @Test func `where nothing is sent a batch goes nowhere`() async throws {
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "shop"])
    configuration.environment = .suppress
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    let outcome = try await client.enqueue(batch: [Add(number: 1)], then: Add(number: 2), engine: "album")
    guard case .dropped = outcome.outcome, case .dropped? = outcome.jobs.first else {
      Issue.record("\(outcome)")
      return
    }
    #expect(try await client.batch(of: outcome.then) == nil)
    #expect(try await client.enqueue(chain: [], engine: "album") == [])
  }
}
