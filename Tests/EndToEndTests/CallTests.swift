import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Callers who hear how their call goes on, with real processes.
  struct CallTests {
    private struct Report: Worker {
      let key: Int
      var queueLock: LockKey? { LockKey(key) }
      func work(_ run: Run<Void>) async throws {}
    }

    /// What a caller heard, in words.
    private actor Heard {
      private(set) var words: [String] = []
      private(set) var progress: [Int] = []

      func take(_ update: CallUpdate<[String: Int], [String: Int]>) {
        switch update {
        case .progress(let progress): self.progress.append(progress.done)
        case .part(let part): words.append("row \(part["row"] ?? 0)")
        case .line(let text, _): words.append(text)
        case .restarted(let attempt): words.append("attempt \(attempt)")
        case .answer(let answer): words.append("answer \(answer["rows"] ?? 0)")
        }
      }

      static let all = ["read the first half", "row 1", "read all", "row 2", "answer 2"]
    }

    private func listen(_ client: BusClient, _ heard: Heard) async throws {
      let call = client.calling(
        Report(key: 5), engine: "fixture", parts: [String: Int].self, returning: [String: Int].self)
      for try await update in call { await heard.take(update) }
    }

    @Test func `GM5 GM6 HK9 two callers share a run that is under way, hear all of it, and so does who looks later`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        let (first, second) = (Heard(), Heard())
        async let firstEnd: Void = listen(client, first)
        try await eventually("the first hears the run") { await first.words.count == 2 }
        async let secondEnd: Void = listen(client, second)
        try await eventually("the second hears it from the beginning") { await second.words.count == 2 }
        guard case .array(let list)? = try await client.ask("jobs", [:])["jobs"] else { return }
        let job = try Job(json: try #require(list.first))
        #expect(list.count == 1)
        #expect(job.merges == 1)
        #expect(job.progress?.message == "reading")
        let tail = try site.start("bus", ["jobs", "tail", "\(job.id)", "--time", "iso"])
        try await eventually("it is shown: \(tail.text)") { tail.text.contains("1/2 (50%) reading") }

        try await site.killBusd()
        try await site.startBusd()
        try await eventually("its worker is back") {
          try await client.ask("job", ["id": job.id.jsonValue])["job"] != nil
        }
        // A change during the run wants one more run, which a call does not.
        _ = try await client.enqueue(Report(key: 5), engine: "fixture")
        try site.release(5)
        _ = try await (firstEnd, secondEnd)
        for heard in [first, second] {
          #expect(await heard.words == Heard.all)
          #expect(await heard.progress.last == 2)
        }
        try await eventually("both runs are done") { site.evidence.filter { $0[0] == "report" }.count == 2 }
        #expect(try await tail.end() == 0)
        for words in [#"part      {"row":2}"#, "notice    read all", #"fixture.Report  done  {"rows":2}"#] {
          #expect(tail.text.contains(words), "\(tail.text)")
        }
        let show = try await site.bus("jobs", "show", "\(job.id)").text
        for words in ["progress    2/2 (100%)", "read the first half", #"{"row":2}"#] {
          #expect(show.contains(words), "\(show)")
        }
        let json = try await site.bus("jobs", "tail", "\(job.id)", "--json").text.split(separator: "\n")
        #expect(json.count == 6, "\(json)")
        #expect(json.last?.hasPrefix(#"{"job":{"#) == true)
        #expect(try await site.bus("jobs", "tail", "01JEXJ2M4KQ7").code == 4)
      }
      program.signal(SIGTERM)
      #expect(try await program.end() == 0)
    }

    @Test func `S2-14 what a program writes is kept with its job, and a tail ends as the job does`() async throws {
      let site = try Site()
      try await site.startBusd()
      let script = "echo looking; echo 'no such row' >&2; exit 65"
      let program = try site.start(
        "bus", ["exec", "--queue", "fixture/default", "--worker", "Try", "--", "sh", "-c", script])
      try await site.withClient { client in
        let job = try await client.enqueue("Try", engine: "fixture", [:]).job
        let tail = try await site.bus("jobs", "tail", "\(job)", "--for", "20s")
        #expect(tail.code == 1)
        for words in ["info      looking", "info      no such row", "fixture.Try  dead"] {
          #expect(tail.text.contains(words), "\(tail.text)")
        }
      }
      program.signal(SIGTERM)
      _ = try await program.end()
    }
  }
}
