internal import BusProtocol

/// The engines of an ``InlineBus``, and what wakes those that run there.
struct InlineRoster: Sendable {
  private(set) var engines: [InlineEngine] = []
  private var wakers: [Name: AsyncStream<Void>.Continuation] = [:]

  /// Whether an engine runs here that does the work as it comes.
  var hasRunner: Bool { !wakers.isEmpty }
  var hands: [Hands] { engines.map(\.hands) }

  subscript(name: Name) -> InlineEngine? { engines.first { $0.name == name } }

  /// Adds an engine; one of its name is replaced.
  mutating func add(_ engine: InlineEngine) {
    engines.removeAll { $0.name == engine.name }
    engines.append(engine)
  }

  /// Adds an engine that runs here; the stream tells when there may be work, and does so at once.
  mutating func join(_ engine: InlineEngine) -> AsyncStream<Void> {
    add(engine)
    let (wakes, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    wakers.updateValue(waker, forKey: engine.name)?.finish()
    waker.yield()
    return wakes
  }

  mutating func leave(_ name: Name) {
    engines.removeAll { $0.name == name }
    wakers.removeValue(forKey: name)?.finish()
  }

  /// There may be work.
  func wake() { for waker in wakers.values { waker.yield() } }

  /// Whether one of the engines has the job's worker.
  func knows(_ job: NewJob) -> Bool {
    engines.contains { $0.name == job.queue.engine && $0.hands.workers.contains(job.worker) }
  }

  /// The engine that has the worker, if it is the only one.
  func engine(of worker: Name) -> Name? {
    let found = engines.filter { $0.hands.workers.contains(worker) }
    return found.count == 1 ? found[0].name : nil
  }

  /// The subscriptions that want a topic, each with its engine, in the order of their declaration.
  func mappings(of topic: Topic) -> [(engine: InlineEngine, mapping: SubscriptionMapping)] {
    engines.flatMap { engine in
      engine.mappings.filter { $0.patterns.contains { $0.matches(topic) } }.map { (engine, $0) }
    }
  }
}
