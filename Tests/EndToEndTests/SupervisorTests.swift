import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// What a supervisor does about processes that do not do what they should, and about the number of them.
  @Suite(.timeLimit(.minutes(3))) struct SupervisorTests {
    /// The last fields of the events of a topic, as busd has them.
    private func events(_ site: Site, _ topic: String) async throws -> [JSONValue] {
      let (code, text) = try await site.bus("tail", topic, "--since", "1h", "--no-follow", "--json")
      guard code == 0 else { return [] }
      return try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }.compactMap { $0["data"] }
    }

    private func numbers(_ site: Site, _ name: String) -> [Int] {
      let text = (try? String(contentsOfFile: "\(site.directory)/\(name)", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").compactMap { Int($0) }
    }

    @Test func `EH9 a crash loop waits longer each time and is told once, busd or not`() async throws {
      let site = try Site()
      let script = "date +%s%3N >> \(site.directory)/starts; echo no INDEX_URL >&2; exit 3"
      let work = try site.start("bus", ["work", "--ready", "message", "--", "/bin/sh", "-c", script])
      try await eventually("it is said: \(work.text)") { work.text.contains("-- does not stay up: 5 starts") }
      try await eventually("it is tried again: \(work.text)") { numbers(site, "starts").count >= 6 }
      let starts = numbers(site, "starts")
      let gaps = zip(starts, starts.dropFirst()).map { Double($1 - $0) }
      for (index, gap) in gaps.enumerated() {
        // Half as much again each time, up to a fifth less; and what a start takes.
        let longest = 500 * pow(1.5, Double(index))
        #expect(gap > longest * 0.8 - 5 && gap < longest + 400, "gap \(index): \(gap) of \(longest) ms")
      }
      let crew = Crew(site, work: work)
      try await crew.waitUntil("it waits for its next start") { $0.map(\.state) == ["backoff"] }
      // busd was not there when it happened.
      try await site.startBusd()
      var told: [JSONValue] = []
      try await eventually(within: .seconds(30), "the event is there: \(work.text)") {
        told = try await events(site, "worker_crash_loop")
        return !told.isEmpty
      }
      try await crew.end()
      told = try await events(site, "worker_crash_loop")
      #expect(told.count == 1, "once: \(told)")
      #expect(told.first?["engine"] == "sh")
      #expect(told.first?["process"] == "sh.1")
      #expect(told.first?["exit_code"] == 3)
      #expect(told.first?["output"] == .array(Array(repeating: "no INDEX_URL", count: 5)))
    }

    @Test func `EH13 one that does not end is killed at its time, and its job starts elsewhere at once`() async throws {
      let site = try Site()
      let crew = try await Crew(site, processes: 2, workers: "concurrency: 1", ["--kill-after", "2s"])
      try await site.withClient { client in
        for key in 1...2 {
          _ = try await client.enqueue("Hold", engine: "fixture", ["key": key.jsonValue], workerLock: "hold(\(key))")
        }
        try await eventually("both run: \(crew.work.text)") { site.evidence.count { $0[0] == "held" } == 2 }
        let second = try #require(try await crew.processes().first { $0.name == "fixture.2" }?.pid)
        let key = try #require(site.evidence.first { $0[0] == "held" && $0[3] == "\(second)" }.flatMap { Int($0[1]) })
        // A frozen one hears nothing.
        kill(second, SIGSTOP)
        try site.release(3 - key)
        try await eventually("the other one has a free hand") { site.evidence.contains { $0[0] == "released" } }
        let before = Moment.now
        #expect(try await site.bus("scale", "fixture=1").code == 0)
        try await eventually("it is killed: \(crew.work.text)") { kill(second, 0) != 0 }
        let killed = Moment.now
        #expect((2000...10_000).contains(killed.value - before.value))
        let again: () -> [String]? = {
          site.evidence.first { $0[0] == "held" && $0[1] == "\(key)" && $0[3] != "\(second)" }
        }
        try await eventually("its job runs elsewhere: \(site.evidence)") { again() != nil }
        let gap = try #require(again().flatMap { Int($0[4]) }) - killed.value
        print("a killed process's job ran elsewhere after \(gap) ms")
        #expect(gap < 3000, "a broken connection has a second to come back")
        try site.release(key)
        try await eventually("it is done") { site.evidence.count { $0[0] == "released" } == 2 }
      }
      try await crew.end()
    }

    @Test func `EH1 EH2 twenty copies of any program are scaled up, down, and up again while they run`() async throws {
      let site = try Site()
      let script = "echo $$ >> \(site.directory)/pids; trap 'exit 0' TERM; while :; do sleep 0.1; done"
      let work = try site.start("bus", ["work", "-n", "20", "--ready", "50ms", "--", "/bin/sh", "-c", script])
      let crew = Crew(site, work: work)
      try await crew.waitUntil("twenty are ready") { $0.count == 20 && $0.allSatisfy { $0.state == "ready" } }
      let first = Set(try await crew.processes().compactMap(\.pid))
      for count in [30, 5, 20, 0, 20] {
        #expect(try await site.bus("scale", "sh=\(count)").code == 0)
        try await crew.waitUntil("\(count) are ready") { $0.count == count && $0.allSatisfy { $0.state == "ready" } }
        let pids = try await crew.processes().compactMap(\.pid)
        #expect(Set(pids).count == count)
        for pid in pids { #expect(kill(pid, 0) == 0) }
        if count == 5 { #expect(Set(pids).isSubset(of: first), "those that stay are left alone") }
      }
      let names = try await crew.processes().map(\.name)
      #expect(Set(names) == Set((1...20).map { "sh.\($0)" }))
      try await crew.end()
      for pid in numbers(site, "pids") { #expect(kill(Int32(pid), 0) != 0) }
    }

    @Test func `HK6 EH20 a process shows what it does, and goes when it has done its jobs`() async throws {
      let site = try Site()
      let crew = try await Crew(site, processes: 1, workers: "concurrency: 2, recycle: { jobs: 20 }")
      let pid = try #require(try await crew.processes().first?.pid)
      try await site.withClient { client in
        let outcome = try await client.enqueue("Hold", engine: "fixture", ["key": 1], workerLock: "hold")
        guard case .enqueued(let id) = outcome else { throw POSIXError(.EINVAL) }
        try await eventually("ps shows it") {
          let title = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
          return String(decoding: title, as: UTF8.self).hasPrefix("fixture.1: Hold \(id)\0")
        }
        let (_, text) = try await site.bus("ps")
        #expect(text.contains("Hold \(id)"), "\(text)")
        for number in 1...20 { client.publish("counted", ["number": number.jsonValue]) }
        try await eventually("it has done its jobs: \(crew.work.text)") {
          crew.work.text.contains("jobs, is replaced")
        }
        try await crew.waitUntil("another one is ready") {
          $0.contains { $0.name == "fixture.2" && $0.state == "ready" }
        }
        #expect(kill(pid, 0) == 0, "the old one finishes its work")
        try site.release(1)
        try await crew.waitUntil("it has gone") { $0.map(\.name) == ["fixture.2"] }
      }
      #expect(site.evidence.count { $0[0] == "released" && $0[2] == "1" } == 1)
      #expect(Runs(site).attempts == ["1"])
      try await crew.end()
    }

    @Test func `S1-3 a burst of ten times the load has more processes within ten seconds, and fewer after it`()
      async throws
    {
      let site = try Site()
      let crew = try await Crew(
        site, processes: 1, workers: "concurrency: 1, autoscale: { max: 4, latency: 1s, calm: 1s }")
      try await site.withClient { client in
        let begin = Moment.now
        for number in 1...100 {
          _ = try await client.enqueue(
            "Slow", engine: "fixture", ["key": number.jsonValue, "number": number.jsonValue, "milliseconds": 200],
            workerLock: "slow(\(number))")
        }
        try await crew.waitUntil(within: .seconds(10), "there are more") { $0.count { $0.state == "ready" } >= 2 }
        print("the first of more processes was ready after \(Moment.now.value - begin.value) ms")
        try await eventually("all are done: \(crew.work.text)") { site.evidence.count { $0[0] == "end" } == 100 }
        try await crew.waitUntil("one is left") { $0.count == 1 && $0[0].state == "ready" }
      }
      #expect(crew.work.text.contains("2 processes instead of 1: a job has waited for "))
      #expect(crew.work.text.contains("1 process instead of 2: no job waits long"))
      #expect(site.evidence.count { $0[0] == "start" } == 100, "none was cut")
      try await crew.end()
    }

    @Test func `EH15 X29 what a supervisor cannot mend is told on the bus`() async throws {
      let site = try Site()
      let crew = try await Crew(site, processes: 1, workers: "concurrency: 1, watchdog: 1s")
      let pid = try #require(try await crew.processes().first?.pid)
      kill(pid, SIGSTOP)
      try await eventually("it is told: \(crew.work.text)") { try await events(site, "worker_wedged").count == 1 }
      #expect(crew.work.text.contains(", last: idle; aborting"))
      try await crew.waitUntil("it is replaced") { $0.count == 1 && $0[0].state == "ready" && $0[0].pid != pid }
      // The next one does not start.
      let link = "\(site.directory)/fixture"
      #expect(unlink(link) == 0)
      #expect(symlink("/bin/false", link) == 0)
      let (code, text) = try await site.bus("upgrade", "fixture")
      #expect(code == 1, "\(text)")
      var told: [JSONValue] = []
      try await eventually("it is told: \(crew.work.text)") {
        told = try await events(site, "upgrade_failed")
        return !told.isEmpty
      }
      #expect(told.first?["engine"] == "fixture")
      #expect(told.first?["exit_code"] == 1)
      try await crew.end()
    }
  }
}
