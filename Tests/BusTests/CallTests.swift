import Bus
import BusProtocol
import BusTesting
import Testing

private struct Stumble: Worker {
  static let retry: RetryPolicy? = RetryPolicy(attempts: 3, base: .milliseconds(1), jitter: .none)
  let failures: Int
  var queueLock: LockKey? { LockKey(failures) }

  func work(_ run: Run<Void>) async throws {
    try run.send(run.attempt)
    guard run.attempt > failures else { throw Retry(after: .milliseconds(1), "stumbled") }
    run.progress(1, of: 1)
    run.log("stood up")
    try run.answer("done")
  }
}

private struct Verbose: Worker {
  static let retry: RetryPolicy? = RetryPolicy(attempts: 9, base: .milliseconds(1), jitter: .none)

  func work(_ run: Run<Void>) async throws {
    for _ in 1...15 { run.log(String(repeating: "x", count: JobLine.maximumByteCount + 1)) }
    guard run.attempt == 6 else { throw Retry(after: .milliseconds(1), "more") }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A call` {
  private static func updates<Answer, Part>(_ call: Call<Answer, Part>) async throws -> [CallUpdate<Answer, Part>] {
    var updates: [CallUpdate<Answer, Part>] = []
    for try await update in call { updates.append(update) }
    return updates
  }

  private func withEngine(_ body: @Sendable @escaping (BusClient) async throws -> Void) async throws {
    try await InProcessBus.run { bus in
      let engine = Engine("shop", configuration: try bus.configuration(service: "shop")) {
        Workers(Stumble.self, Verbose.self)
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await engine.run() }
        let client = try BusClient(try bus.configuration())
        try await client.whileRunning { try await body(client) }
        group.cancelAll()
      }
    }
  }

  @Test func `GM2 brings parts, lines, progress and the answer, and says when a run begins again`() async throws {
    try await withEngine { client in
      let heard = try await Self.updates(
        client.calling(Stumble(failures: 1), engine: "shop", parts: Int.self, returning: String.self))
      let words = heard.filter { if case .progress = $0 { false } else { true } }
      #expect(words == [.part(1), .restarted(attempt: 2), .part(2), .line("stood up", .info), .answer("done")])
      let progress = heard.filter { if case .progress(let told) = $0 { told.done == 1 } else { false } }
      #expect(progress.count == 1)
    }
  }

  @Test func `S2-14 more lines than fit into an answer come in several, and the end with the last of them`()
    async throws
  {
    try await withEngine { client in
      let job = try await client.enqueue(Verbose(), engine: "shop").job
      let ended = try await client.wait(for: job, timeout: .seconds(50))
      #expect(ended.lineCount == 90)
      let first = try await client.ask("lines", ["job": job.jsonValue])
      guard case .array(let lines)? = first["lines"] else { return }
      #expect((1..<90).contains(lines.count))
      #expect(first["job"] == nil)
      var updates: [JobUpdate] = []
      for try await update in client.updates(of: job) { updates.append(update) }
      #expect(updates.last == .ended(ended))
      let numbers = updates.compactMap { if case .line(let kept) = $0 { kept.number } else { nil } }
      #expect(numbers == Array(1...90))
      for case .line(let kept) in updates {
        #expect(kept.attempt == (kept.number - 1) / 15 + 1)
        #expect(kept.line.byteCount <= JobLine.maximumByteCount + 64)
      }
      let some = try await client.ask("lines", ["job": job.jsonValue, "after": 80, "limit": 3])
      guard case .array(let three)? = some["lines"] else { return }
      #expect(try three.map { try KeptLine(json: $0).number } == [81, 82, 83])
    }
  }

  @Test func `GM2 ends with an error as a plain call does, after all that was said`() async throws {
    try await withEngine { client in
      var words: [CallUpdate<String, JSONValue>] = []
      do throws(BusError) {
        let call: Call<String, JSONValue> = client.calling(Stumble(failures: 9), engine: "shop")
        for try await update in call { words.append(update) }
        Issue.record("it has an answer")
      } catch {
        #expect(error.code == "job_dead")
        #expect(error.message.contains("stumbled"))
      }
      #expect(words == [.part(1), .restarted(attempt: 2), .part(2), .restarted(attempt: 3), .part(3)])
      do throws(BusError) {
        let call = client.calling(Stumble(failures: 0), engine: "shop", parts: String.self, returning: String.self)
        for try await _ in call {}
        Issue.record("a number is no text")
      } catch { #expect(error.message.contains("a part of the answer")) }
      do throws(BusError) {
        for try await _ in client.updates(of: JobID(high: 1, low: 1)) {}
        Issue.record("there is no such job")
      } catch { #expect(error.code == "not_found") }
      let later = try await client.enqueue(Stumble(failures: 2), engine: "shop", in: .seconds(900))
      do throws(BusError) {
        for try await _ in client.updates(of: later.job, timeout: .milliseconds(50)) {}
        Issue.record("it has not ended")
      } catch { #expect(error.code == "timeout") }
    }
  }
}

@Suite struct `The news of a job` {
  private let line = KeptLine(number: 4, attempt: 1, line: JobLine("a", at: Timestamp(microseconds: 0)))
  private let progress = JobProgress(1, of: 2, at: Timestamp(microseconds: 7))

  @Test func `are told once, whatever is answered twice`() throws {
    var news = JobNews(job: "01JE", after: 2)
    #expect(news.question == ["job": "01JE", "after": 2, "wait": true])
    try news.take(["missing": 1, "lines": [line.json], "progress": progress.json])
    try news.take(["lines": [line.json], "progress": progress.json])
    #expect(news.next() == .missed(1))
    #expect(news.next() == .line(line))
    #expect(news.next() == .progress(progress))
    #expect(news.next() == nil)
    #expect(
      news.question == ["job": "01JE", "after": 4, "wait": true, "progress": "1970-01-01T00:00:00.000007Z"])
    #expect(!news.hasEnded)
  }

  @Test(arguments: [
    JSONValue.null, ["lines": 7], ["lines": [["number": 1]]], ["progress": []], ["job": ["id": 7]],
    ["lines": [["number": 1, "attempt": 1, "at": "noon", "text": "x"]]],
  ]) func `of another form are refused`(answer: JSONValue) {
    var news = JobNews(job: "01JE")
    #expect(throws: ProtocolError.self) { try news.take(answer) }
  }
}
