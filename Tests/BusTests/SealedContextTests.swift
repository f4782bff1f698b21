import BusProtocol
import BusSigning
import Logging
import Testing

@testable import Bus

/// What a worker is given of a context that busd sealed, and of one that somebody changed.
struct SealedContextTests {
  let key: SigningKey

  init() throws { key = try SigningKey.generate(for: "busd") }

  private func assignment(_ change: (inout JobCause) -> Void = { _ in }) throws -> Assignment {
    var job = NewJob(
      id: JobID(high: 1, low: 1), queue: try QueueName("search/default"), worker: "Index",
      cause: JobCause(context: ["tenant": 7]))
    try ContextSeal.seal(&job, givenBy: "account", with: key)
    change(&job.cause)
    return Assignment(
      id: job.id, token: 1, attempt: 1, queue: job.queue, worker: job.worker, inputs: [:], cause: job.cause)
  }

  /// The context inside of the run of an assignment.
  private func context(_ assignment: Assignment, knowing sealKey: VerifyingKey?) async throws -> BusContext {
    var configuration = try BusConfiguration(environment: ["BUS_ENVIRONMENT": "suppress", "BUS_SERVICE": "search"])
    configuration.sealKey = sealKey
    let client = try BusClient(configuration)
    let surroundings = RunSurroundings(engine: "search", bus: client, logger: Logger(label: "test"))
    return await surroundings.within(assignment) { BusContext.current }
  }

  @Test func `S3-7 a worker that knows busd's key is told who gave the context`() async throws {
    let known = try await context(try assignment(), knowing: key.verifyingKey)
    #expect(known.values == ["tenant": 7] && known.giver == "account")
    let unknown = try await context(try assignment(), knowing: nil)
    #expect(unknown.values == ["tenant": 7] && unknown.giver == nil, "the seal is no value of the context")
  }

  @Test func `S3-16 a changed context is not handed on, and one without a seal has no giver`() async throws {
    let changed = try await context(try assignment { $0.context?["tenant"] = 8 }, knowing: key.verifyingKey)
    #expect(changed.values == [:] && changed.giver == nil)
    let bare = try await context(try assignment { $0.context = ["tenant": 9] }, knowing: key.verifyingKey)
    #expect(bare.values == ["tenant": 9] && bare.giver == nil)
  }
}
