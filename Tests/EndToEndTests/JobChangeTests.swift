import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// What an operator does to jobs, with the real command line.
  struct JobChangeTests {
    private func state(_ client: BusClient, _ job: JobID) async throws -> String? {
      try await client.ask("job", ["id": job.jsonValue])["job"]?["state"].flatMap(String.init(jsonValue:))
    }

    @Test func `TR11 a waiting job is cancelled, a running one stops when it is asked, and both run again by hand`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let running = try await client.enqueue("Hold", engine: "fixture", ["key": 1]).job
        let waiting = try await client.enqueue("Hold", engine: "fixture", ["key": 2], in: .seconds(3600)).job
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }

        let cancelled = try await site.bus("jobs", "cancel", "\(waiting)", "\(running)")
        #expect(cancelled.code == 0)
        #expect(cancelled.text.contains("\(waiting)  cancelled\n"))
        #expect(cancelled.text.contains("\(running)  asked to stop, on fixture.1@"))
        #expect(try await client.wait(for: running, timeout: .seconds(10)).state == .cancelled)
        #expect(!site.evidence.contains { $0[0] == "released" }, "it stopped in its middle")

        try site.release(1)
        try site.release(2)
        #expect(try await site.bus("jobs", "retry", "--state", "cancelled", "--yes").code == 0)
        for job in [running, waiting] {
          let ended = try await client.wait(for: job, timeout: .seconds(10))
          #expect(ended.state == .done && ended.retries == 1)
        }
        let again = try await site.bus("jobs", "cancel", "\(running)")
        #expect(again.code == 1 && again.text.contains("not cancelled: it has ended"))
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `a run that does not stop counts as cancelled by force, and what it ends with is not taken`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let slow = try await client.enqueue("Deaf", engine: "fixture", ["key": 5]).job
        try await eventually("it runs") { site.evidence.contains { $0[0] == "deaf" } }
        #expect(try await site.bus("jobs", "cancel", "--force", "\(slow)").code == 0)
        #expect(try await state(client, slow) == "cancelled")
        try site.release(5)
        try await eventually("it has ended") { site.evidence.contains { $0[0] == "heard" } }
        let next = try await client.enqueue("Hold", engine: "fixture", ["key": 5]).job
        #expect(try await client.wait(for: next, timeout: .seconds(10)).state == .done)
        #expect(try await state(client, slow) == "cancelled")
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `many jobs are moved, changed, run now and removed only by a filter, counted first, and not unasked`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        for number in 1...30 {
          _ = try await client.enqueue("Note", engine: "fixture", ["key": number.jsonValue], in: .seconds(3600))
        }
        #expect(try await site.bus("jobs", "cancel").code == 64)
        let unasked = try await site.bus("jobs", "cancel", "--all")
        #expect(unasked.code == 64)
        #expect(unasked.text.contains("this will cancel 30 jobs: fixture.Note 30, and nobody is here to be asked"))
        let dry = try await site.bus("jobs", "mv", "--where", "inputs.key <= 20", "--to", "fixture/bulk", "--dry-run")
        #expect(dry.code == 0 && dry.text == "would move 20 jobs: fixture.Note 20\n", "\(dry.text)")
        #expect(try await client.ask("jobs", ["queue": "fixture/bulk"])["jobs"] == [])

        let moved = try await site.bus("jobs", "mv", "--where", "inputs.key <= 20", "--to", "fixture/bulk", "-y")
        #expect(moved.code == 0)
        #expect(try await site.bus("jobs", "edit", "--queue", "fixture/bulk", "--priority", "7", "-y").code == 0)
        #expect(try await site.bus("jobs", "run", "--queue", "fixture/bulk", "-y").code == 0)
        let jobs = try await client.ask("jobs", ["queue": "fixture/bulk", "state": "ready"])["jobs"]
        guard case .array(let ready)? = jobs else { return }
        #expect(ready.count == 20 && ready.allSatisfy { $0["priority"] == 7 })

        #expect(try await site.bus("jobs", "rm", "--all", "-y").code == 1, "what waits is not removed")
        let all = try await site.bus("jobs", "cancel", "--all", "-y")
        #expect(all.text.hasSuffix("30 jobs cancelled\n"))
        #expect(try await site.bus("jobs", "rm", "--state", "cancelled", "-y").code == 0)
        #expect(try await client.ask("jobs", [:])["jobs"] == [])
        #expect(try await site.bus("jobs", "cancel", "--where", "key = 1").code == 64)
        #expect(try await site.bus("jobs", "retry", "01JEXJ2M4KQ7").code == 4)
      }
    }
  }
}
