import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Batches and chains with the real daemon.
  struct BatchTests {
    private func wish(_ worker: Name, _ inputs: JSONObject) -> NewJob {
      NewJob(
        id: JobID(
          at: Timestamp(microseconds: 1_700_000_000_000_000), random: (.random(in: 0 ... .max), .random(in: 0 ... .max))
        ),
        queue: QueueName(engine: "fixture", name: "default"), worker: worker, inputs: inputs)
    }

    @Test func `GM8 the job behind a batch runs once, over a kill -9 of busd between the ends of its jobs`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      let jobs = (1...3).map { wish("Hold", ["key": $0.jsonValue]) }
      let then = wish("Count", ["number": 99])
      let group = JobGroup(batch: jobs, then: then)
      try await site.withClient { client in
        _ = try await client.enqueue(group)
        for (index, job) in jobs.enumerated() {
          let why = try await site.bus("why", "\(then.id)").text
          #expect(why.contains("waits for \(3 - index) of 3 jobs of its batch"), "\(why)")
          #expect(why.contains(jobs[index...].map(\.id.description).joined(separator: ", ")), "\(why)")
          try site.release(index + 1)
          try await eventually("job \(index + 1) is done") {
            try await client.wait(for: job.id, timeout: .seconds(30)).state == .done
          }
          try await site.killBusd()
          try await site.startBusd()
        }
        #expect(try await client.wait(for: then.id, timeout: .seconds(30)).state == .done)
        // The same wish again, as after an answer that was lost.
        _ = try await client.enqueue(group)
        #expect(try await client.batch(of: then.id)?.jobs.map(\.state) == [.done, .done, .done])
        #expect(site.evidence.filter { $0[0] == "count" }.map { $0[1] } == ["99"])
        let trace = try await site.bus("trace", "\(jobs[0].id)").text
        #expect(trace.contains("batch of 3 jobs, then job \(then.id)"), "\(trace)")
        #expect(trace.contains("\(jobs[2].id)"), "\(trace)")
        let shown = try await site.bus("jobs", "show", "\(jobs[1].id)").text
        #expect(shown.contains("awaited by") && shown.contains("\(then.id)"), "\(shown)")
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `a Python program asks for a batch and reads what its jobs answered`() async throws {
      let python = "/usr/bin/python3"
      try #require(try await Program(python, ["-c", "import zmq"]).end() == 0, "apt-get install python3-zmq")
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Python/batcher.py").path
      let batcher = try Program(python, [script, "ipc://\(site.directory)/run/busd.requests.ipc", "4", "21"])
      #expect(try await batcher.end() == 0, "\(batcher.text)")
      #expect(batcher.text.contains("0 [{'twice': 8}, {'twice': 42}]"), "\(batcher.text)")
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }
  }
}
