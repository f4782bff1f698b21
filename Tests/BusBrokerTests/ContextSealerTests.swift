import BusProtocol
import BusSigning
import Testing

@testable import BusBroker

/// Which requests bring contexts, and that busd seals each of them.
struct ContextSealerTests {
  let key: SigningKey
  let sealer: ContextSealer

  init() throws {
    key = try SigningKey.generate(for: "busd")
    sealer = ContextSealer(key: key, giver: "account")
  }

  private func job(_ number: UInt64, _ context: JSONObject? = ["tenant": 7]) throws -> NewJob {
    NewJob(
      id: JobID(high: 1, low: number), queue: try QueueName("search/default"), worker: "Index",
      cause: JobCause(context: context))
  }

  private func expectSealed(_ jobs: [NewJob], count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(jobs.count == count, sourceLocation: sourceLocation)
    for job in jobs {
      let finding = ContextSeal.check(job.cause.context, of: job.queue, job.worker, with: key.verifyingKey)
      #expect(finding == .genuine(giver: "account"), sourceLocation: sourceLocation)
    }
  }

  @Test func `S3-7 each job that is asked for has its context sealed, alone, in a group or of an event`() throws {
    guard case .enqueue(1, let jobs) = try sealer.sealed(.enqueue(request: 1, jobs: [job(1), job(2)])) else {
      throw Refusal(code: "test", message: "another request came out")
    }
    expectSealed(jobs, count: 2)
    let group = JobGroup(batch: [try job(1), try job(2)], then: try job(3))
    guard case .enqueueGroup(2, let all) = try sealer.sealed(.enqueueGroup(request: 2, group: group)) else {
      throw Refusal(code: "test", message: "another request came out")
    }
    expectSealed(all.all, count: 3)
    let chain = JobGroup(chain: [try job(1), try job(2)])
    guard case .enqueueGroup(2, let steps) = try sealer.sealed(.enqueueGroup(request: 2, group: chain)) else {
      throw Refusal(code: "test", message: "another request came out")
    }
    expectSealed(steps.all, count: 2)
    let commit = Commit(
      subscription: try SubscriptionName("search/users"), token: 1, from: .zero, through: Offset(1), jobs: [try job(1)])
    guard case .commit(3, let sealed) = try sealer.sealed(.commit(request: 3, commit: commit)) else {
      throw Refusal(code: "test", message: "another request came out")
    }
    expectSealed(sealed.jobs, count: 1)
  }

  @Test func `what has no context, and what asks for no job, is as it was`() throws {
    let bare = Request.enqueue(request: 1, jobs: [try job(1, nil)])
    #expect(try sealer.sealed(bare).frames == bare.frames)
    let finish = Request.finish(request: 2, results: [])
    #expect(try sealer.sealed(finish).frames == finish.frames)
  }
}
