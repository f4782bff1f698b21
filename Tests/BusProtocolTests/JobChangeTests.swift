import BusProtocol
import Testing

@Suite struct JobChangeTests {
  private static let id = JobID(high: 7, low: 9)

  @Test(arguments: [
    JobChange.Verb.cancel(byForce: true, reason: "wrong tenant"), .cancel(byForce: false, reason: nil), .retry, .remove,
    .move(to: QueueName(engine: "shop", name: "mail")), .runNow, .edit(JobEdit()), .purge(reason: "flood"),
    .edit(JobEdit(priority: -3, dueAt: Timestamp(microseconds: 5), inputs: ["user": 7])),
  ])
  func `a change comes back as it was sent`(verb: JobChange.Verb) throws {
    let change = JobChange(Self.id, verb)
    #expect(try JobChange(json: change.json) == change)
  }

  @Test(arguments: [
    ChangeOutcome.changed(.ready), .unchanged(.cancelled), .cancelRequested(process: "search.2@web-3:4101", token: 9),
    .merged(into: id), .removed, .refused(.running, reason: "it runs: cancel it first"), .unknown,
  ])
  func `an outcome comes back as it was sent`(outcome: ChangeOutcome) throws {
    #expect(try ChangeOutcome(json: outcome.json) == outcome)
  }

  @Test(arguments: [Outcome.snoozed(after: .seconds(5)), .cancelled(reason: "as asked")])
  func `the end of a run comes back as it was sent`(outcome: Outcome) throws {
    let result = JobResult(id: Self.id, token: 3, outcome: outcome)
    #expect(try JobResult(json: result.json) == result)
  }

  @Test(
    arguments: [
      ["change": "retry"], ["id": "x", "change": "retry"], ["id": "0000000000000000000000000A", "change": "burn"],
      ["id": "0000000000000000000000000A", "change": "move"],
      ["id": "0000000000000000000000000A", "change": "cancel", "force": "yes"],
      ["id": "0000000000000000000000000A", "change": "edit", "inputs": ["a"]],
    ] as [JSONValue])
  func `what is no change is refused`(json: JSONValue) {
    #expect(throws: ProtocolError.self) { try JobChange(json: json) }
  }

  @Test func `a reason that is too long is cut, inputs that are too long are refused`() throws {
    let long = JobChange(Self.id, .cancel(byForce: false, reason: String(repeating: "é", count: 4000)))
    guard case .cancel(_, let reason) = try JobChange(json: long.json).verb else { return }
    #expect(reason?.utf8.count == JobChange.maximumReasonByteCount)
    let text = String(repeating: "x", count: NewJob.maximumInputsByteCount)
    let big = JobChange(Self.id, .edit(JobEdit(inputs: ["text": .string(text)])))
    #expect(throws: ProtocolError.self) { try JobChange(json: big.json) }
  }
}
