public import Bus
internal import BusProtocol

extension TestBus {
  /// Expects that a worker may run twice: runs it twice, beside what waits, and compares.
  ///
  /// ```swift
  /// try await bus.expectIdempotent(IndexUser(userID: 42)) { index.documents }
  /// ```
  /// The truth has to be the same after both runs, and the second run may publish and enqueue nothing that the first one
  /// did not: a worker that looks first whether it is needed does less the second time. What a run throws is thrown.
  public func expectIdempotent<W: Worker, Truth: Equatable>(
    _ worker: W, truth: () async throws -> Truth
  ) async throws {
    let job = try client.wish(worker, engine: engine(of: W.self))
    let first = try await traces { _ = try await inline.run(job) }
    let truthAfterFirst = try await truth()
    let second = try await traces { _ = try await inline.run(job) }
    let truthAfterSecond = try await truth()
    let extra = second.subtracting(first)
    guard extra.isEmpty else {
      throw ExpectationFailure(
        "not_idempotent",
        "the second run of \(W.name) did what the first did not: \(extra.sorted().joined(separator: ", "))")
    }
    guard truthAfterFirst == truthAfterSecond else {
      throw ExpectationFailure(
        "not_idempotent", "the truth after the second run of \(W.name) is \(truthAfterSecond), was \(truthAfterFirst)")
    }
  }

  /// The same where nothing but the bus has to be looked at.
  public func expectIdempotent<W: Worker>(_ worker: W) async throws {
    try await expectIdempotent(worker) { true }
  }

  /// What is published and asked for meanwhile, without what is new each time: ids and moments.
  private func traces(_ body: () async throws -> Void) async throws -> Set<String> {
    let (events, jobs) = (published.count, wishes.count)
    try await body()
    return Set(
      published.dropFirst(events).map { "event \($0.topic) \(String(decoding: $0.data, as: UTF8.self))" }
        + wishes.dropFirst(jobs).map { "job \($0.job.worker) \(JSONValue.object($0.job.inputs).text)" })
  }
}
