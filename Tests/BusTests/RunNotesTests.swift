import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

private struct Row: Codable, Equatable {
  let number: Int
}

private struct MakeReport: Worker {
  let month: Int
  func work(_ run: Run<Void>) async throws {
    run.progress(1, of: 2, "reading")
    run.log("read \(month)")
    try run.send(Row(number: month))
    run.logger.notice("half done", metadata: ["rows": "1"])
    run.logger.debug("not for the job")
    run.log("odd", level: .warning)
    run.progress(2, of: 2)
    try run.answer(month)
  }
}

@Suite(.timeLimit(.minutes(1))) struct `What a run says` {
  private static let said: [RunUpdate] = [
    .progress(JobProgress(1, of: 2, "reading")), .line("read 5", .info), .part(["number": 5]),
    .line("half done rows=1", .notice), .line("odd", .warning), .progress(JobProgress(2, of: 2)),
  ]

  @Test func `GM6 can be read from a run made by hand`() async throws {
    let run = Run(services: (), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    #expect(run.updates.isEmpty)
    try await MakeReport(month: 5).work(run)
    #expect(run.updates == Self.said)
    #expect(run.with(7).updates == Self.said)
  }

  @Test func `a part that is too large is refused where it is sent`() throws {
    let run = Run(services: ())
    try run.send(String(repeating: "x", count: 8190))
    let error = #expect(throws: ProtocolError.self) { try run.send(String(repeating: "x", count: 8191)) }
    #expect(error?.message.contains("the limit is 8192") == true)
    #expect(run.updates.count == 1)
  }

  @Test func `the engine's own logger gets what it gets without a job, at its own level`() async throws {
    let lines = LinesOfLog()
    var logger = lines.logger()
    logger.logLevel = .warning
    let run = Run(services: (), logger: logger)
    run.logger.info("kept with the job alone")
    run.logger.error("both")
    #expect(lines.all == ["error both"])
    #expect(run.updates == [.line("kept with the job alone", .info), .line("both", .error)])
  }

  @Test func `S2-13 reaches busd while it runs, and with the result what was not confirmed`() async throws {
    let busd = FakeBusd()
    let runner = EngineRunner(
      EngineBuilder<Void>.buildExpression(Workers(MakeReport.self)), services: (), concurrency: 1, port: busd.port,
      surroundings: RunSurroundings(
        engine: "reports", bus: nil, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })))
    busd.connect(runner)
    #expect(await busd.until { $0.hands != nil })
    let draft = try JobDraft(MakeReport(month: 5))
    busd.enqueue([
      draft.job(
        id: JobID(high: 9, low: 1), engine: "reports", queue: nil, cause: JobCause(),
        askedAt: Timestamp(microseconds: 0))
    ])
    #expect(await busd.until { $0.results.count == 1 })
    let (notes, result) = busd.state.withLock { ($0.notes.joined().map { $0 }, $0.results.first) }
    var contents: [Int: JobLine.Content] = [:]
    for note in notes + (result?.note.map { [$0] } ?? []) {
      for (index, line) in note.lines.enumerated() { contents[note.first + index] = line.content }
    }
    #expect(
      contents == [
        1: .text("read 5", .info), 2: .part(["number": 5]), 3: .text("half done rows=1", .notice),
        4: .text("odd", .warning),
      ])
    #expect((result?.note ?? notes.last)?.progress?.done == 2)
    await runner.stop(grace: .seconds(5))
  }
}
