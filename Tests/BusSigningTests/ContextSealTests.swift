import BusProtocol
import Testing

@testable import BusSigning

/// busd's seal of a job's context: what it says, and what breaks it.
struct ContextSealTests {
  let key: SigningKey
  static let context: JSONObject = ["tenant": 7, "user": "ada", "ratio": 0.5, "nested": ["a": [1, nil, true]]]

  init() throws { key = try SigningKey.generate(for: "busd") }

  private func sealed(_ context: JSONObject?, by giver: Name = "account") throws -> NewJob {
    var job = NewJob(
      id: JobID(high: 1, low: 1), queue: try QueueName("search/default"), worker: "Index", inputs: [:],
      cause: JobCause(context: context))
    try ContextSeal.seal(&job, givenBy: giver, with: key)
    return job
  }

  private func check(_ job: NewJob) -> ContextSeal.Finding {
    ContextSeal.check(job.cause.context, of: job.queue, job.worker, with: key.verifyingKey)
  }

  @Test func `S3-7 a sealed context says who gave it, also after it was written and read`() throws {
    var job = try sealed(Self.context)
    #expect(check(job) == .genuine(giver: "account"))
    let text = JSONValue.object(try #require(job.cause.context)).bytes
    guard case .object(let read) = try JSONParser.parse(text) else { throw ProtocolError(.badJSON, "no object") }
    job.cause.context = read
    #expect(check(job) == .genuine(giver: "account"))
    #expect(ContextSeal.values(of: read) == Self.context)
    #expect(ContextSeal.check(read, of: job.queue, job.worker, with: nil) == .unsealed)
    #expect(try sealed(nil).cause.context == nil)
  }

  @Test func `S3-16 a changed context is not the one that was sealed`() throws {
    let job = try sealed(Self.context)
    let changes: [(inout NewJob) throws -> Void] = [
      { $0.cause.context?["tenant"] = 8 }, { $0.cause.context?["tenant"] = nil }, { $0.cause.context?["more"] = 1 },
      { $0.worker = "Delete" }, { $0.queue = try QueueName("search/slow") },
      { job in
        guard case .string(let seal)? = job.cause.context?[ContextSeal.member] else { return }
        job.cause.context?[ContextSeal.member] = .string(seal.replacing("account", with: "admin"))
      }, { $0.cause.context?[ContextSeal.member] = 7 }, { $0.cause.context?[ContextSeal.member] = "account AAAA" },
      { $0.cause.context?[ContextSeal.member] = "" },
    ]
    for (number, change) in changes.enumerated() {
      var changed = job
      try change(&changed)
      #expect(check(changed) == .broken, "change \(number)")
    }
    let other = try SigningKey.generate(for: "busd").verifyingKey
    #expect(ContextSeal.check(job.cause.context, of: job.queue, job.worker, with: other) == .broken)
    var bare = job
    bare.cause.context?[ContextSeal.member] = nil
    #expect(check(bare) == .unsealed)
  }

  @Test func `S3-16 a seal that comes along is replaced: nobody gives in the name of another`() throws {
    let first = try sealed(Self.context, by: "account")
    let again = try sealed(first.cause.context, by: "search")
    #expect(check(again) == .genuine(giver: "search"))
    #expect(again.cause.context?.members.count == Self.context.members.count + 1)
  }
}
