import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Runs that take too long, with real engines and a real busd.
  @Suite(.timeLimit(.minutes(2))) struct TimeoutTests {
    private func topology(_ site: Site, queue: String, concurrency: Int = 2) throws -> String {
      let link = "\(site.directory)/fixture"
      if symlink(Program.path(of: "BusFixture"), link) != 0, errno != EEXIST { throw POSIXError(.EIO) }
      return try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: \(link)
            arguments: [engine]
            queues: { default: { \(queue) } }
            workers: { processes: 1, concurrency: \(concurrency), shutdown: 5s }
        """, to: "topology.yaml")
    }

    private func work(_ site: Site, _ file: String) throws -> Program {
      try site.start(
        "bus", ["work", "--topology", file, "--endpoint", "ipc://\(site.directory)/run/busd.requests.ipc"])
    }

    private func failures(_ job: JobID, _ client: BusClient) async throws -> [String] {
      let answer = try await client.ask("job", ["id": .string("\(job)")])
      guard case .array(let failures)? = answer["job"]?["failures"] else { return [] }
      return failures.compactMap { $0["error"].flatMap(String.init(jsonValue:)) }
    }

    @Test func `X19 a job that hangs fails when its queue's time is over, is told of, and runs again`() async throws {
      let site = try Site()
      let file = try topology(site, queue: "timeout: 300ms, announce: failed")
      try await site.startBusd(["--topology", file])
      let work = try work(site, file)
      try await site.withClient { client in
        let job = try await client.enqueue("Hold", engine: "fixture", ["key": 1]).job
        try await eventually("attempt 1 timed out: \(work.text)") {
          try await failures(job, client) == ["timed out after 300ms"]
        }
        #expect(!site.evidence.contains { $0[0] == "released" })
        try site.release(1)
        try await eventually("attempt 2 runs to its end") {
          site.evidence.contains { $0[0] == "released" && $0[2] != "1" }
        }
        for try await event in client.events(["job_failed"], from: .beginning) {
          #expect(try event["attempt"] == 1)
          #expect(try event["error"] == "timed out after 300ms")
          #expect(try event["will_retry"] == true)
          #expect(try event["job"] == "\(job)")
          break
        }
      }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `X19 EH15 a process whose hands are all held by runs that do not stop is replaced`() async throws {
      let site = try Site()
      let file = try topology(site, queue: "priority: 1", concurrency: 1)
      try await site.startBusd(["--topology", file])
      let work = try work(site, file)
      try await site.withClient { client in
        let job = try await client.enqueue("Stuck", engine: "fixture", ["key": 1]).job
        try await eventually(within: .seconds(20), "it runs in another process: \(work.text)") {
          Set(site.evidence.filter { $0[0] == "stuck" }.map { $0[3] }).count >= 2
        }
        #expect(
          try await failures(job, client).first == "did not stop within 200ms after it timed out after 200ms")
        #expect(work.text.contains("error: engine fixture ended: all hands are taken by runs that did not stop"))
        try site.release(1)
        try await eventually(within: .seconds(20), "it is done: \(work.text)") {
          let answer = try await client.ask("job", ["id": .string("\(job)")])
          return answer["job"]?["state"] == "done"
        }
        #expect(!site.evidence.contains { $0[0] == "loose" && $0[3] == "true" }, "no run outlived its process")
      }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `a failed job over its queue's retry budget waits, and bus why says for what`() async throws {
      let site = try Site()
      let file = try topology(site, queue: "retry-budget: 1/h")
      try await site.startBusd(["--topology", file])
      let work = try work(site, file)
      try await site.withClient { client in
        let first = try await client.enqueue("Failing", engine: "fixture", ["key": 1]).job
        try await eventually("its retry is within the budget: \(work.text)") {
          try await failures(first, client).count == 2
        }
        let second = try await client.enqueue("Failing", engine: "fixture", ["key": 2]).job
        try await eventually("the next one's is not: \(work.text)") {
          try await site.bus("why", "\(second)").text
            .contains("it failed, and waits for the retry budget of 1/h of queue fixture/default")
        }
        let (_, queues) = try await site.bus("queues", "--json")
        #expect(queues.contains("\"retry_budget\":\"1/h\""))
        #expect(try await site.bus("jobs", "run", "\(second)").code == 0)
        try await eventually("by hand it runs at once") { try await failures(second, client).count == 2 }
      }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `GM9 a program of bus exec that takes too long is ended, and the attempt has failed`() async throws {
      let site = try Site()
      let file = try topology(site, queue: "timeout: 300ms")
      try await site.startBusd(["--topology", file])
      let exec = try site.start(
        "bus",
        [
          "exec", "--queue", "fixture/default", "--worker", "Sleep", "--endpoint",
          "ipc://\(site.directory)/run/busd.requests.ipc", "--", "/bin/sh", "-c",
          "test $BUS_ATTEMPT = 1 && { echo asleep; exec sleep 60; }; echo awake",
        ])
      try await site.withClient { client in
        let job = try await client.enqueue("Sleep", engine: "fixture", [:]).job
        try await eventually("attempt 1 timed out: \(exec.text)") {
          try await failures(job, client) == ["timed out after 300ms"]
        }
        try await eventually("attempt 2 runs: \(exec.text)") { exec.text.contains("awake") }
      }
      exec.signal(SIGTERM)
      #expect(try await exec.end() == 0)
    }
  }
}
