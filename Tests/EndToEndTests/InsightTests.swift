import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// What an operator sees of a bus, and does to much of it at once.
  struct InsightTests {
    private func lines(_ text: String) throws -> [JSONValue] {
      try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test func `X5 what waits in a queue is purged after a count, and its locks are free; what runs goes on`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let running = try await client.enqueue("Hold", engine: "fixture", ["key": 1]).job
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        for key in 1...30 {
          _ = try await client.enqueue(
            "Hold", engine: "fixture", ["key": key.jsonValue], queueLock: "Hold(\(key))", in: .seconds(3600))
        }
        let next = try lines(
          try await site.bus("queues", "peek", "fixture/default", "--state", "scheduled", "--json").text)
        #expect(next.map { $0["inputs"] } == [["key": 1]], "the first that is due")
        #expect(try await site.bus("queues", "peek", "fixture/defualt").code == 4)
        let unasked = try await site.bus("queues", "purge", "fixture/default")
        #expect(unasked.code == 64)
        #expect(unasked.text.contains("this will purge 30 jobs: fixture.Hold 30, and nobody is here to be asked"))
        let dry = try await site.bus("queues", "purge", "--all", "-n", "--where", "inputs.key <= 20")
        #expect(dry.code == 0 && dry.text == "would purge 20 jobs: fixture.Hold 20\n", "\(dry.text)")
        #expect(try await site.bus("queues", "purge", "fixture/defualt", "-y").code == 4)
        #expect(try await site.bus("queues", "purge").code == 64)
        #expect(try await site.bus("queues", "purge", "fixture/default", "--state", "running", "-y").code == 64)

        let purged = try await site.bus("queues", "purge", "fixture/default", "--yes")
        #expect(purged.code == 0 && purged.text.hasSuffix("30 jobs purged\n"), "\(purged.text)")
        let again = try await client.enqueue(
          "Hold", engine: "fixture", ["key": 7], queueLock: "Hold(7)", in: .seconds(3600))
        guard case .enqueued = again else {
          Issue.record("the queue lock is still held: \(again)")
          return
        }
        try site.release(1)
        #expect(try await client.wait(for: running, timeout: .seconds(30)).state == .done)
        let retried = try await site.bus("jobs", "retry", "--where", "reason == 'purged'", "-y")
        let words = "29 jobs tried again, 1 merged into jobs that wait\n"
        #expect(retried.code == 0 && retried.text.hasSuffix(words), "\(retried.text)")
      }
      program.signal(SIGTERM)
    }

    @Test func `BS7 dead jobs are told by what they died of, tried again, written out and forgotten`() async throws {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        var dead: [JobID] = []
        let retry = RetryPolicy(attempts: 2, base: .milliseconds(10), jitter: .none)
        for key in 1...3 {
          let inputs: JSONObject = ["key": key.jsonValue]
          dead.append(try await client.enqueue("Failing", engine: "fixture", inputs, retry: retry).job)
        }
        func twice(in delay: Duration? = nil) async throws -> JobID {
          try await client.enqueue("Twice", engine: "fixture", ["number": -1], queueLock: "Twice(-1)", in: delay).job
        }
        let hopeless = try await twice()
        for job in dead + [hopeless] {
          #expect(try await client.wait(for: job, timeout: .seconds(30)).state == .dead)
        }
        let groups = try lines(try await site.bus("dlq", "--json").text)
        #expect(groups.map { $0["worker"] } == ["fixture.Failing", "fixture.Twice"])
        #expect(groups.map { $0["count"] } == [3, 1])
        #expect(groups.first?["error"] == "Refused")
        let shown = try await site.bus("dlq", "show", "\(dead[0])")
        #expect(shown.code == 0 && shown.text.contains("attempt 2"), "\(shown.text)")

        let exported = try lines(try await site.bus("dlq", "export", "--error", "for the").text)
        #expect(Set(exported.compactMap { $0["id"] }) == Set(dead.map(\.jsonValue)))
        #expect(try await site.bus("dlq", "retry", "--error", "nothing like it", "-y").text == "")
        let waiting = try await twice(in: .seconds(3600))
        let merged = try await site.bus("dlq", "retry", "\(hopeless)")
        #expect(merged.code == 0 && merged.text == "\(hopeless)  merged into \(waiting), which waits already\n")
        let later = try await client.enqueue("Count", engine: "fixture", ["number": 1], in: .seconds(3600)).job
        let alive = try await site.bus("dlq", "rm", "\(later)")
        #expect(alive.code == 1 && alive.text.contains("is not dead, it is scheduled"), "\(alive.text)")

        #expect(try await site.bus("dlq", "retry", "\(dead[0])").code == 0)
        #expect(try await client.wait(for: dead[0], timeout: .seconds(30)).state == .dead)
        #expect(try await site.bus("dlq", "rm", "--all", "-y").code == 0)
        #expect(try await site.bus("dlq", "ls", "--json").text == "")
      }
      program.signal(SIGTERM)
    }

    @Test func `a paused schedule makes no jobs over a restart, counts what it skips, and goes on`() async throws {
      let site = try Site()
      let file = try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: BusFixture
            schedules:
              tick: { every: 1s, worker: Count, inputs: { number: 7 }, overlap: allow, catch-up: none }
        """, to: "schedule.yaml")
      try await site.startBusd(["--topology", file])
      try await site.withClient { client in
        func count() async throws -> Int {
          guard case .array(let jobs)? = try await client.ask("jobs", ["limit": 1000])["jobs"] else { return 0 }
          return jobs.count
        }
        func schedule() async throws -> JSONValue {
          try #require(try lines(try await site.bus("cron", "ls", "--json").text).first)
        }
        try await eventually("it makes jobs") { try await count() > 0 }
        let paused = try await site.bus("cron", "pause", "fixture/tick", "--reason", "audit")
        #expect(paused.code == 0 && paused.text == "fixture/tick is paused\n", "\(paused.text)")
        let before = try await count()
        try await site.killBusd()
        try await site.startBusd(["--topology", file])
        let skipped = try await schedule()["skipped"].flatMap(Int64.init(jsonValue:)) ?? 0
        try await eventually("due times are skipped") {
          try await schedule()["skipped"].flatMap(Int64.init(jsonValue:)) ?? 0 >= skipped + 2
        }
        #expect(try await count() == before)
        #expect(try await schedule()["pause"]?["reason"] == "audit")
        #expect(try await site.bus("cron").text.contains("(audit)"))
        #expect(try await site.bus("cron", "resume", "fixture/tick").text == "fixture/tick goes on\n")
        try await eventually("it goes on") { try await count() > before }
        #expect(try await site.bus("cron", "pause", "fixture/tock").code == 4)
      }
    }

    @Test func `a paused subscription keeps its place and makes no jobs, and handles all when it goes on`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let paused = try await site.bus("subs", "pause", "fixture/counted", "--reason", "reindex")
        #expect(paused.code == 0 && paused.text == "fixture/counted is paused\n", "\(paused.text)")
        for number in 1...5 { client.publish("counted", ["number": number.jsonValue]) }
        client.publish("noted", ["key": 1])
        try await eventually("the other subscription goes on") { site.evidence.contains { $0[0] == "note" } }
        #expect(!site.evidence.contains { $0[0] == "count" })
        let list = try await site.bus("subs", "ls", "fixture/counted")
        #expect(list.text.contains("paused for") && list.text.contains("(reindex)"), "\(list.text)")
        let why = try await site.bus("why", "--not", "fixture/counted", "#1")
        #expect(why.text.contains("(reindex): bus subs resume fixture/counted"), "\(why.text)")
        try await site.killBusd()
        try await site.startBusd()
        #expect(try await site.bus("subs", "resume", "fixture/counted").text.hasSuffix("fixture/counted goes on\n"))
        try await eventually("all are handled") {
          Set(site.evidence.filter { $0[0] == "count" }.map { $0[1] }).count == 5
        }
        #expect(try await site.bus("subs", "pause", "fixture/nobody").code == 4)
      }
      program.signal(SIGTERM)
    }

    @Test func `why and locks tell who holds a lock, who waits, what was merged and what was saved`() async throws {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        func hold() async throws -> JobID {
          try await client.enqueue(
            "Hold", engine: "fixture", ["key": 1], queueLock: "Hold(1)", workerLock: "Hold(1)"
          ).job
        }
        let holder = try await hold()
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        let waiting = try await hold()
        #expect(try await hold() == waiting)

        let blocked = try await site.bus("why", "\(waiting)")
        #expect(blocked.text.contains("is held by fixture.Hold \(holder), running for"), "\(blocked.text)")
        #expect(blocked.text.contains("merged: the enqueue"), "\(blocked.text)")
        let running = try await site.bus("why", "\(holder)")
        #expect(running.text.contains("1 job waits for it to end: bus locks show 'Hold(1)'"), "\(running.text)")
        let shown = try await site.bus("locks", "show", "Hold(1)")
        #expect(shown.text.contains("held by  fixture.Hold \(holder)"), "\(shown.text)")
        #expect(shown.text.contains("kept by  fixture.Hold \(waiting)"), "\(shown.text)")
        #expect(shown.text.contains("saved    1 run of fixture.Hold since"), "\(shown.text)")
        let saved = try lines(try await site.bus("locks", "saved", "--by-worker", "--json").text)
        #expect(saved.map { $0["saved"] } == [1])
        #expect(try await site.bus("locks", "ls", "--json").text.contains("\"saved\":1"))
        try site.release(1)
        #expect(try await client.wait(for: waiting, timeout: .seconds(30)).state == .done)
        #expect(try await site.bus("locks", "ls", "--json").text == "")
        #expect(try await site.bus("locks", "show", "Hold(1)").text.contains("saved    1 run"))
        #expect(try await site.bus("locks", "show", "Nobody(1)").code == 4)
        let queue = try #require(try lines(try await site.bus("queues", "--json").text).first)
        #expect(queue["enqueued"] == 2 && queue["kept"] == 2 && queue["merged"] == 1 && queue["pruned"] == 0)

        let limit = JobLimit(key: "t(1)", concurrency: 1)
        func limited(_ key: JSONValue) async throws -> JobID {
          try await client.enqueue("Hold", engine: "fixture", ["key": key], limit: limit).job
        }
        let holding = try await limited(8)
        let second = try await limited(9)
        try await eventually("it runs") { site.evidence.contains { $0[1] == "8" } }
        let why = try await site.bus("why", "\(second)")
        #expect(why.text.contains("limit t(1) lets 1 run at once, and 1 does"), "\(why.text)")
        #expect(why.text.contains("under it runs fixture.Hold \(holding), running for"), "\(why.text)")
        try site.release(8)
        try site.release(9)
      }
      program.signal(SIGTERM)
    }
  }
}
