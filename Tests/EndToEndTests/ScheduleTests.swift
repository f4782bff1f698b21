import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Jobs that busd makes again and again.
  struct ScheduleTests {
    private func topology(_ site: Site, _ schedule: String) throws -> String {
      try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: BusFixture
            schedules:
              tick: \(schedule)
        """, to: "schedule.yaml")
    }

    private func jobs(_ client: BusClient) async throws -> [JSONValue] {
      guard case .array(let jobs)? = try await client.ask("jobs", ["limit": 1000, "worker": "Count"])["jobs"] else {
        throw CancellationError()
      }
      return jobs
    }

    @Test func `QB12 X26 each due time gets exactly one job, with two processes and a busd that is killed`()
      async throws
    {
      let site = try Site()
      let file = try topology(
        site, "{ every: 1s, worker: Count, inputs: { number: 7 }, overlap: allow, catch-up: all }")
      try await site.startBusd(["--topology", file])
      let first = try await site.startEngine()
      let second = try site.start("BusFixture", ["engine"])
      try await site.withClient { client in
        try await eventually("some were made") { try await jobs(client).count >= 3 }
        for _ in 0..<3 {
          let before = try await jobs(client).count
          try await site.killBusd()
          try await site.startBusd(["--topology", file])
          try await eventually("they go on") { try await jobs(client).count >= before + 2 }
        }
        let dues = try await jobs(client).compactMap { job -> Int64? in
          guard case .string(let text)? = job["id"] else { return nil }
          return try JobID(text).time?.microseconds
        }.sorted()
        #expect(Set(dues).count == dues.count)
        #expect(dues.allSatisfy { $0 % 1_000_000 == 0 })
        let (low, high) = (try #require(dues.first), try #require(dues.last))
        #expect(dues.count == Int((high - low) / 1_000_000) + 1, "a due time is missing")
        try await eventually("all that were made ran") { site.evidence.count { $0[0] == "count" } >= dues.count }
        let listed = try await site.bus("cron", "ls", "--json")
        let schedule = try JSONParser.parse(Array(listed.text.utf8))
        #expect(schedule["name"] == "fixture/tick" && schedule["skipped"] == 0)
        #expect(try #require(schedule["fired"].flatMap(Int64.init(jsonValue:))) >= Int64(dues.count))
      }
      for engine in [first, second] { engine.signal(SIGKILL) }
    }

    @Test func `the command line lists, shows and runs a schedule`() async throws {
      let site = try Site()
      let file = try topology(
        site, "{ cron: \"0 8 1 1 *\", timezone: Europe/Paris, worker: Count, inputs: { number: 7 } }")
      try await site.startBusd(["--topology", file])
      let listed = try await site.bus("cron")
      #expect(
        listed.code == 0 && listed.text.contains("fixture/tick") && listed.text.contains("0 8 1 1 * Europe/Paris"))
      let shown = try await site.bus("cron", "show", "fixture/tick", "--time", "iso")
      #expect(shown.code == 0 && shown.text.contains("-01-01T07:00:00.000000Z"), "\(shown.text)")
      #expect(shown.text.contains("job       Count in fixture/default"))
      let run = try await site.bus("cron", "run", "fixture/tick", "--json")
      #expect(run.code == 0 && run.text.contains("enqueued"), "\(run.text)")
      try await site.withClient { client in
        let made = try await jobs(client)
        #expect(made.count == 1 && made.first?["inputs"] == ["number": 7])
      }
      let unknown = try await site.bus("cron", "run", "fixture/tock")
      #expect(unknown.code == 4 && unknown.text.contains("there is no schedule fixture/tock"))
    }

    @Test func `S3-13 the command line shows an inbox, follows it, and marks it as read`() async throws {
      let site = try Site()
      try await site.startBusd()
      let engine = try await site.startEngine()
      let follower = try site.start("bus", ["inbox", "user:42", "--follow", "--json"])
      let asked = try await site.bus(
        "enqueue", "fixture.Count", #"{"number":7}"#, "--notify", "user:42", "--json")
      #expect(asked.code == 0, "\(asked.text)")
      let id = try #require(try JSONParser.parse(Array(asked.text.utf8))["id"].flatMap { String(jsonValue: $0) })
      try await eventually("the follower is told: \(follower.text)") { follower.text.contains(id) }
      let listed = try await site.bus("inbox", "user:42", "--unread")
      #expect(listed.code == 0 && listed.text.contains("* ") && listed.text.contains("fixture.Count"), "\(listed.text)")
      let read = try await site.bus("inbox", "read", "user:42", id)
      #expect(read.code == 0 && read.text.contains("1 of user:42 marked as read"), "\(read.text)")
      let rest = try await site.bus("inbox", "user:42", "--unread", "--json")
      #expect(rest.code == 0 && rest.text.isEmpty, "\(rest.text)")
      let wrong = try await site.bus("inbox", "read", "user:42")
      #expect(wrong.code != 0 && wrong.text.contains("--all"), "\(wrong.text)")
      for program in [follower, engine] { program.signal(SIGKILL) }
    }
  }
}
