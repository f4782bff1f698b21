import BusProtocol
import Testing

@testable import BusCommand

struct TraceTests {
  /// A small world of events and jobs, some of them no longer kept.
  private struct World {
    var jobs: [JobID: Job] = [:]
    var events: [EventID: JSONValue] = [:]
    var batches: [JobID: JobBatch] = [:]
    var merges: [EventID: [JobID]] = [:]
    var isComplete = true

    mutating func event(_ number: UInt64, _ topic: String, by cause: Causation? = nil) {
      var json = JSONObject()
      json["id"] = (Sample.id(number) as EventID).jsonValue
      json["type"] = .string(topic)
      json["offset"] = number.jsonValue
      json["recordedtime"] = .string((Sample.now - .seconds(100) + .milliseconds(Int(number))).description)
      json["correlationid"] = (Sample.id(1) as CorrelationID).jsonValue
      if let cause { json["causationid"] = .string(cause.text) }
      events[Sample.id(number)] = .object(json)
    }

    mutating func job(
      _ number: UInt64, event: UInt64? = nil, parent: UInt64? = nil, change: (inout Job) -> Void = { _ in }
    ) {
      jobs[Sample.id(number)] = Sample.job(.done, id: number) { job in
        job.wish.cause = JobCause(
          event: event.map { Sample.id($0) }, job: parent.map { Sample.id($0) }, correlation: Sample.id(1))
        job.startedAt = Sample.now - .seconds(100)
        job.finishedAt = Sample.now - .seconds(99)
        change(&job)
      }
    }

    /// A job waits for others, as the jobs of a batch, or as a step of a chain.
    mutating func wait(_ then: UInt64, for jobs: [UInt64], step: Int? = nil) {
      batches[Sample.id(then)] = JobBatch(
        then: Sample.id(then), size: jobs.count, step: step,
        jobs: jobs.enumerated().map { JobBatch.Member(place: $0, job: Sample.id($1), state: .done) })
    }

    var source: TraceSource {
      TraceSource(
        job: { jobs[$0] },
        event: { id in
          guard let event = events[id] else { return nil }
          let made = jobs.values.filter { $0.wish.cause.event == id }.map(\.json)
          let merged = (merges[id] ?? []).map { job -> JSONValue in ["job": job.jsonValue, "subscription": "a/b"] }
          return try WhyEventAnswer(
            json: ["event": event, "jobs": .array(made), "merges": .array(merged), "subscriptions": []])
        },
        jobs: { parent in jobs.values.filter { $0.wish.cause.job == parent } },
        events: { chain, stretch in
          let all = try events.values.map { try TracedEvent(json: $0) }.sorted { $0.offset < $1.offset }
          return (all.filter { $0.chain == chain && stretch.contains($0.recordedAt) }, isComplete)
        },
        batch: { batches[$0] },
        awaiters: { id in batches.values.filter { $0.jobs.contains { $0.job == id } }.map(\.then) })
    }

    func trace(_ start: TraceWalk.Start, count: Int = 500, depth: Int = 64) async throws -> Trace? {
      var walk = TraceWalk(from: start, source: source, now: Sample.now)
      walk.maximumCount = count
      walk.maximumDepth = depth
      return try await walk.trace()
    }
  }

  /// The tree in short: `e1(j10(e2) m11)`.
  private func short(_ trace: Trace?) -> String {
    guard let trace else { return "-" }
    let name =
      switch trace.subject {
      case .event(let event): "e\(event.offset.rawValue)"
      case .job(let job): "j\(job.id.low & 0xFFFF)"
      case .merge(let job, _): "m\(job.low & 0xFFFF)"
      case .batch(let batch): "b\(batch.then.low & 0xFFFF)"
      }
    let children = trace.children.map(short).joined(separator: " ")
    return name + (trace.isAsked ? "!" : "") + (trace.remark == nil ? "" : "…")
      + (children.isEmpty ? "" : "(\(children))")
  }

  /// e1 → j10 → e2 → j20, j10 → j11; e1 also merged into j90; e3 was a service's answer to e1.
  private func world() -> World {
    var world = World()
    world.event(1, "order_placed")
    world.job(10, event: 1)
    world.job(11, parent: 10)
    world.event(2, "stock_changed", by: .job(Sample.id(10)))
    world.job(20, event: 2)
    world.event(3, "seen", by: .event(Sample.id(1)))
    world.merges[Sample.id(1)] = [Sample.id(90)]
    return world
  }

  @Test(arguments: [30, 31, 39] as [UInt64])
  func `the jobs of a batch that nothing led to are found together, from each of them`(start: UInt64) async throws {
    var world = World()
    for number in [30, 31, 39] as [UInt64] { world.job(number) }
    world.job(32, parent: 30)
    world.wait(39, for: [30, 31])
    let tree = short(try await world.trace(.job(Sample.id(start))))
    #expect(tree.replacing("!", with: "") == "b39(j30(j32) j31 j39)")
    #expect(tree.contains("j\(start)!"))
    let trace = try #require(try await world.trace(.job(Sample.id(39))))
    let line = TraceText(text: Sample.text).lines(trace).first
    #expect(line == "batch of 2 jobs, then job \(Sample.id(39) as JobID)")
  }

  @Test func `the steps of a chain stand below each other, and below what led to them where something did`()
    async throws
  {
    var world = World()
    for number in [50, 51, 52] as [UInt64] { world.job(number) }
    world.wait(51, for: [50], step: 1)
    world.wait(52, for: [51], step: 2)
    #expect(short(try await world.trace(.job(Sample.id(52)))) == "j50(j51(j52!))")
    world.job(60, event: 1)
    world.event(1, "order_placed")
    for number in [61, 62, 63] as [UInt64] { world.job(number, parent: 60) }
    world.wait(62, for: [61], step: 1)
    world.wait(63, for: [61, 62])
    #expect(short(try await world.trace(.job(Sample.id(62)))) == "e1(j60(j61 j62! j63))")
  }

  @Test(arguments: [
    (TraceWalk.Start.event(Sample.id(1)), "e1!(j10(e2(j20) j11) m90 e3)"),
    (.job(Sample.id(10)), "e1(j10!(e2(j20) j11) m90 e3)"),
    (.job(Sample.id(20)), "e1(j10(e2(j20!) j11) m90 e3)"), (.job(Sample.id(11)), "e1(j10(e2(j20) j11!) m90 e3)"),
    (.event(Sample.id(3)), "e1(j10(e2(j20) j11) m90 e3!)"), (.job(Sample.id(77)), "-"), (.event(Sample.id(77)), "-"),
  ])
  func `from any place of a chain the whole of it is found`(start: TraceWalk.Start, tree: String) async throws {
    #expect(short(try await world().trace(start)) == tree)
  }

  @Test func `what is no longer kept ends the climb, and hides nothing below`() async throws {
    var world = world()
    world.events[Sample.id(1)] = nil
    #expect(short(try await world.trace(.job(Sample.id(20)))) == "j10(e2(j20!) j11)")
    world.jobs[Sample.id(10)] = nil
    #expect(short(try await world.trace(.job(Sample.id(20)))) == "e2(j20!)")
  }

  @Test func `bounds are kept and said`() async throws {
    #expect(short(try await world().trace(.event(Sample.id(1)), depth: 1)) == "e1!(j10… m90… e3…)")
    #expect(short(try await world().trace(.event(Sample.id(1)), count: 2)) == "e1!…(j10…)")
    var world = world()
    world.isComplete = false
    let trace = try #require(try await world.trace(.event(Sample.id(1))))
    #expect(trace.remark == "not all events of that time were looked at")
  }

  @Test func `causes that run in a circle end`() async throws {
    var world = World()
    world.job(10, parent: 11)
    world.job(11, parent: 10)
    #expect(try await world.trace(.job(Sample.id(10))) != nil)
  }

  @Test func `the tree is drawn for people, for programs and for Graphviz`() async throws {
    var world = World()
    world.event(1, "order_placed")
    world.job(10, event: 1) { job in
      job.wish.inputs = ["text": "a\"b\\"]
      job.attempts = 2
      job.failures = [Job.Failure(attempt: 1, at: Sample.now, error: "no\u{7}stock")]
    }
    let trace = try #require(try await world.trace(.job(Sample.id(10))))
    let (job, lines) = (Sample.id(10) as JobID, TraceText(text: Sample.text).lines(trace))
    #expect(lines[0].hasPrefix("event order_placed #1  "))
    #expect(
      lines[1] == #"└ job \#(job) search.IndexUser {"text":"a\"b\\"}  done, 1 s, attempt 2  ← asked about"#)
    #expect(lines[2].hasPrefix("    attempt 1 failed ") && !lines[2].contains("\u{7}"))
    #expect(lines.count == 3)
    #expect(trace.json["children"]?.text.contains(#""asked":true"#) == true)
    #expect(
      TraceText.dot(trace)
        == [
          "digraph trace {", "  node [shape=box, fontname=\"monospace\"];", #"  n1 [label="event order_placed #1"];"#,
          #"  n2 [label="search.IndexUser {\"text\":\"a\\\"b\\\\\"} done", penwidth=2];"#, "  n1 -> n2;", "}",
        ])
  }

  @Test func `stretches that were looked at are not looked at again`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var (ranges, model) = (OffsetRanges(), Set<UInt64>())
      for _ in 0..<8 {
        let low = UInt64.random(in: 1...40, using: &random)
        let stretch = low...UInt64.random(in: low...44, using: &random)
        let missing = ranges.missing(from: stretch).flatMap { Array($0) }
        #expect(missing == Array(stretch).filter { !model.contains($0) }, "\(ranges) \(stretch)")
        ranges.insert(stretch)
        model.formUnion(stretch)
        #expect(ranges.ranges.flatMap { Array($0) } == model.sorted())
        #expect(zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
      }
    }
  }

  @Test func `a trace id is 32 digits of sixteen`() {
    #expect(TraceCommand.traceID("4BF92F3577B34DA6A3CE929D0E0E4736") == "4bf92f3577b34da6a3ce929d0e0e4736")
    for word in ["", "4bf9", "4bf92f3577b34da6a3ce929d0e0e473g", "4bf92f3577b34da6a3ce929d0e0e47361", "#1"] {
      #expect(TraceCommand.traceID(word) == nil)
    }
  }
}
