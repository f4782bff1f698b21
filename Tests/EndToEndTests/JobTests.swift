import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// What the queue promises, with real worker processes killed and held.
  struct JobTests {
    private func jobs(_ client: BusClient, _ parameters: JSONObject) async throws -> [Job] {
      guard case .array(let list)? = try await client.ask("jobs", parameters)["jobs"] else { return [] }
      return try list.map { try Job(json: $0) }
    }

    @Test func `I17 the job of a killed worker runs again within two seconds, its lock free, the attempt counted`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let first = try await site.startEngine()
      try await site.withClient { client in
        _ = try await client.enqueue("Hold", engine: "fixture", ["key": 1], workerLock: "fixture.Hold(1)")
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        let second = try site.start("BusFixture", ["engine"])
        let before = ContinuousClock.now
        first.signal(SIGKILL)
        try await eventually(within: .seconds(10), "it runs again") {
          site.evidence.filter { $0[0] == "held" }.count == 2
        }
        #expect(.now - before < .seconds(2))
        #expect(site.evidence.last?[2] == "2", "the second attempt")
        try site.release(1)
        try await eventually("it is done") { try await jobs(client, ["state": "done"]).count == 1 }
        #expect(try await jobs(client, ["state": "done"]).first?.crashes == 1)
        second.signal(SIGTERM)
        #expect(try await second.end() == 0)
      }
    }

    @Test
    func `S4-7 a thousand changes while the worker is held leave one waiting job, a change in the run one more run`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        func change() async throws -> EnqueueOutcome {
          try await client.enqueue(
            "Hold", engine: "fixture", ["key": 7], queueLock: "fixture.Hold(7)", workerLock: "fixture.Hold(7)")
        }
        _ = try await change()
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        var merged = 0
        for _ in 0..<1000 { if case .merged = try await change() { merged += 1 } }
        #expect(merged == 999)
        let waiting = try await jobs(client, [:]).filter { $0.state.isWaiting }
        #expect(waiting.count == 1)
        #expect(waiting.first?.merges == 999)
        try site.release(7)
        try await eventually("both runs are done") { try await jobs(client, ["state": "done"]).count == 2 }
        #expect(site.evidence.filter { $0[0] == "held" }.count == 2, "exactly one more run")
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `X21 who waits for a job is told of its end at once, over a kill -9 of busd, and long afterwards`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let job = try await client.enqueue("Hold", engine: "fixture", ["key": 3]).job
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        await #expect(throws: BusError.self) { try await client.wait(for: job, timeout: .milliseconds(100)) }
        #expect(try await site.bus("jobs", "wait", "\(job)", "--for", "10ms").code == 124)

        async let ended = client.wait(for: job, timeout: .seconds(60))
        let command = try site.start("bus", ["jobs", "wait", "\(job)"])
        try await site.killBusd()
        try await site.startBusd()
        // Its worker is connected again before it may end.
        try await eventually("it still runs") { try await jobs(client, ["state": "running"]).map(\.id) == [job] }
        let released = ContinuousClock.now
        try site.release(3)
        #expect(try await ended.state == .done)
        #expect(.now - released < .seconds(3))
        _ = try await command.end()
        #expect(try await site.bus("jobs", "wait", "\(job)").code == 0)

        let retry = RetryPolicy(attempts: 2, base: .milliseconds(10), jitter: .none)
        let failing = try await client.enqueue("Failing", engine: "fixture", ["key": 1], retry: retry).job
        #expect(try await client.wait(for: failing, timeout: .seconds(30)).failures.count == 2)
        #expect(try await site.bus("jobs", "wait", "\(failing)", "\(job)").code == 1)
        #expect(try await site.bus("jobs", "wait", "01JEXJ2M4KQ7").code == 4)
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    private struct Twice: Worker {
      let number: Int
      var queueLock: LockKey? { LockKey(number) }
      func work(_ run: Run<Void>) async throws {}
    }

    @Test func `GM2 GM5 a call gets the worker's answer, equal waiting calls share a run, and no answer has a reason`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        // Nobody works yet: three equal calls become one job.
        async let first: [String: Int] = client.call(Twice(number: 21), engine: "fixture")
        async let second: [String: Int] = client.call(Twice(number: 21), engine: "fixture")
        async let third: [String: Int] = client.call(Twice(number: 21), engine: "fixture")
        try await eventually("two are merged") { try await jobs(client, [:]).first?.merges == 2 }
        let program = try await site.startEngine()
        #expect(try await [first, second, third] == Array(repeating: ["twice": 42], count: 3))
        #expect(site.evidence.filter { $0[0] == "twice" }.count == 1)

        let kept = try #require(try await jobs(client, ["state": "done"]).first)
        #expect(kept.result == ["twice": 42])
        #expect(try await site.bus("jobs", "show", "\(kept.id)").text.contains(#"{"twice":42}"#))
        for (number, code) in [(0, "no_answer"), (-1, "job_dead")] {
          do throws(BusError) {
            let answer: [String: Int] = try await client.call(Twice(number: number), engine: "fixture")
            Issue.record("\(answer)")
          } catch { #expect(error.code == code) }
        }
        do throws(BusError) {
          let answer: [String] = try await client.call(Twice(number: 3), engine: "fixture")
          Issue.record("\(answer)")
        } catch { #expect(error.message.contains("the answer of job")) }
        program.signal(SIGTERM)
        #expect(try await program.end() == 0)
      }
    }

    @Test func `X8 twenty jobs of a second on one worker lock take twenty seconds, in order`() async throws {
      let site = try Site()
      try await site.startBusd()
      let program = try site.start("BusFixture", ["engine"], environment: ["BUS_CONCURRENCY": "4"])
      try await site.withClient { client in
        let before = ContinuousClock.now
        for number in 1...20 {
          _ = try await client.enqueue(
            "Slow", engine: "fixture", ["key": 1, "number": number.jsonValue, "milliseconds": 1000],
            workerLock: "fixture.Slow(1)")
        }
        try await eventually(within: .seconds(40), "all are done") {
          try await jobs(client, ["state": "done"]).count == 20
        }
        #expect(.now - before <= .seconds(22))
        let starts = site.evidence.filter { $0[0] == "start" }.compactMap { Int($0[1]) }
        #expect(starts == Array(1...20))
        let order = site.evidence.map { $0[0] }
        #expect(order == Array(repeating: ["start", "end"], count: 20).flatMap { $0 }, "never two at once")
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `TR1 an old payload runs in a worker that has one more input with a default`() async throws {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        _ = try await client.enqueue("Grown", engine: "fixture", ["key": 3])
        try await eventually("it ran") { site.evidence.contains { $0.prefix(3) == ["grown", "3", "medium"] } }
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `X15 an unknown worker or queue parks the job, says so, and loses nothing`() async throws {
      let site = try Site()
      let topology = try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: fixture
            queues: { default: {} }
        """, to: "topology.yaml")
      try await site.startBusd(["--topology", topology])
      let program = try await site.startEngine()
      try await site.withClient { client in
        let outcome = try await client.enqueue("Note", engine: "fixture", ["key": 1], queue: "nowhere")
        guard case .parked(let id, let reason) = outcome else { throw Unexpected(outcome: "\(outcome)") }
        #expect(reason.contains("fixture/nowhere"))
        let unknown = try await client.enqueue("Stranger", engine: "fixture", ["key": 1])
        try await eventually("the job of an unknown worker is parked") {
          try await jobs(client, ["state": "parked"]).contains { $0.id == unknown.job }
        }
        let why = try await site.bus("why", id.description)
        #expect(why.code == 0)
        #expect(why.text.contains("nowhere"))
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `X18 a worker that keeps failing ends dead with every error kept`() async throws {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        _ = try await client.enqueue(
          "Failing", engine: "fixture", ["key": 1],
          retry: RetryPolicy(attempts: 2, base: .milliseconds(10), jitter: .none))
        try await eventually("it is dead") { try await jobs(client, ["state": "dead"]).count == 1 }
        let dead = try #require(try await jobs(client, ["state": "dead"]).first)
        #expect(dead.failures.map(\.attempt) == [1, 2])
        #expect(dead.failures.allSatisfy { $0.error.contains("refused for the test") })
        // Its death is an event like others, in the chain of the job.
        let told = try await site.bus("tail", "job_dead", "--since", "#0", "--count", "1", "--json")
        #expect(told.text.contains("\"causationid\":\"job:\(dead.id)\""), "\(told.text)")
        #expect(told.text.contains("refused for the test"))
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `S0-3 a hundred idle workers cost less than one percent of a core`() async throws {
      let site = try Site()
      let busd = try await site.startBusd()
      var programs: [Program] = []
      for _ in 0..<100 { programs.append(try site.start("BusFixture", ["engine"])) }
      try await site.withClient { client in
        try await eventually(within: .seconds(120), "all are connected") {
          guard case .array(let sessions)? = try await client.ask("sessions")["sessions"] else { return false }
          return sessions.filter { $0["role"] == "engine" }.count == 100
        }
      }
      let all = programs + [busd]
      try await settled(all)
      // What else the machine does only adds to it: one quiet stretch tells.
      var share = 1.0
      for _ in 0..<5 where share >= 0.01 { share = min(share, try await usage(of: all)) }
      #expect(share < 0.01, "used \(share * 100) % of a core")
      for program in programs { program.signal(SIGTERM) }
      for program in programs { #expect(try await program.end() == 0) }
    }

    /// The share of a core that the programs use in ten seconds: a stretch of time in which nothing happens.
    private func usage(of programs: [Program]) async throws -> Double {
      let before = try programs.map { try cpuTicks($0.id) }.reduce(0, +)
      let begin = ContinuousClock.now
      try await eventually(within: .seconds(30), "ten seconds pass") { ContinuousClock.now - begin >= .seconds(10) }
      let used = Double(try programs.map { try cpuTicks($0.id) }.reduce(0, +) - before) / 100
      return used / (ContinuousClock.now - begin).inSeconds
    }

    /// Waits until a second goes by in which the programs do next to nothing: connecting is over.
    private func settled(_ programs: [Program]) async throws {
      var last = try programs.map { try cpuTicks($0.id) }.reduce(0, +)
      var since = ContinuousClock.now
      try await eventually(within: .seconds(60), "the programs come to rest") {
        guard ContinuousClock.now - since > .seconds(1) else { return false }
        let now = try programs.map { try cpuTicks($0.id) }.reduce(0, +)
        defer { (last, since) = (now, .now) }
        return now - last <= 2
      }
    }

    /// User and system time of a process in hundredths of a second (proc(5), fields 14 and 15).
    private func cpuTicks(_ id: Int32) throws -> Int {
      let text = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
      let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
      return (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
    }

    struct Unexpected: Error { let outcome: String }
  }
}
