public import Bus
public import BusProtocol

extension TestBus {
  /// Expects that events of a topic were published, and returns them.
  ///
  /// ```swift
  /// try bus.expectPublished("user_changed", times: 1) { try $0["id"] == 42 }
  /// ```
  /// - Parameters:
  ///   - topic: their topic.
  ///   - times: how many; at least one when nil.
  ///   - matches: which of them count; all of the topic by default.
  @discardableResult
  public func expectPublished(
    _ topic: Topic, times: Int? = nil, where matches: (Event) throws -> Bool = { _ in true }
  ) throws -> [Event] {
    let published = published
    let found = try published.filter { try $0.topic == topic && matches($0) }
    guard !TestBus.isMet(found.count, times) else { return found }
    let all = published.map { "\($0.topic) \(String(decoding: $0.data, as: UTF8.self))" }
    throw ExpectationFailure(
      "not_published",
      "event \(topic) was expected \(TestBus.words(times)), was published \(found.count) times; "
        + TestBus.list("published", all))
  }

  /// Expects that jobs of a worker were kept, and returns the workers as they would run.
  ///
  /// ```swift
  /// try bus.expectEnqueued(IndexUser.self, lock: LockKey(42))
  /// ```
  /// Wishes that were merged into a waiting job do not count here: ``expectMerged(_:lock:times:)`` counts them.
  /// - Parameters:
  ///   - worker: whose jobs.
  ///   - lock: with this queue lock; any when nil.
  ///   - times: how many; at least one when nil.
  ///   - matches: which of them count; all by default.
  @discardableResult
  public func expectEnqueued<W: Worker>(
    _ worker: W.Type, lock: LockKey? = nil, times: Int? = nil, where matches: (W) throws -> Bool = { _ in true }
  ) throws -> [W] {
    let found = try wishes(of: worker, lock) { !$0.isMerged }
      .map { try W(inputs: $0.job.inputs, defaults: W.defaults, name: W.name) }.filter(matches)
    try expect(found.count, times, "\(W.name) was expected to be enqueued", lock)
    return found
  }

  /// Expects that wishes for a worker were merged into jobs that waited already.
  public func expectMerged<W: Worker>(_ worker: W.Type, lock: LockKey? = nil, times: Int? = nil) throws {
    let count = wishes(of: worker, lock) { $0.isMerged }.count
    try expect(count, times, "\(W.name) was expected to be merged", lock)
  }

  private func wishes<W: Worker>(
    of worker: W.Type, _ lock: LockKey?, _ counts: (EnqueueOutcome) -> Bool
  ) -> [Wish] {
    wishes.filter { wish in
      guard wish.job.worker == W.name, counts(wish.outcome) else { return false }
      guard let lock else { return true }
      return wish.job.queueLock == lock.text(workerNamespace: "\(wish.job.queue.engine).\(W.name)")
    }
  }

  private func expect(_ count: Int, _ times: Int?, _ what: String, _ lock: LockKey?) throws {
    guard !TestBus.isMet(count, times) else { return }
    let all = wishes.map { wish in
      "\(wish.job.worker) \(JSONValue.object(wish.job.inputs).text)" + (wish.outcome.isMerged ? " (merged)" : "")
    }
    let lock = lock.map { " under lock \($0.text(workerNamespace: ""))" } ?? ""
    throw ExpectationFailure(
      "not_enqueued",
      "\(what)\(lock) \(TestBus.words(times)), was \(count) times; \(TestBus.list("asked for", all))")
  }

  private static func isMet(_ count: Int, _ times: Int?) -> Bool { times.map { $0 == count } ?? (count > 0) }

  private static func words(_ times: Int?) -> String { times.map { "\($0) times" } ?? "at least once" }

  private static func list(_ what: String, _ all: [String]) -> String {
    guard !all.isEmpty else { return "nothing was \(what)" }
    let more = all.count > 10 ? " and \(all.count - 10) more" : ""
    return "\(what): \(all.prefix(10).joined(separator: ", "))\(more)"
  }
}

extension EnqueueOutcome {
  fileprivate var isMerged: Bool { if case .merged = self { true } else { false } }
}
