internal import BusProtocol
internal import Logging

/// An engine as an ``InlineBus`` has it: its services are made, and its type is not known any more.
struct InlineEngine: Sendable {
  let name: Name
  let mappings: [SubscriptionMapping]
  /// What it works: all queues, these workers, one job at a time.
  let hands: Hands
  private let configuration: BusConfiguration
  private let middleware: MiddlewareChain
  private let logger: Logger
  private let perform: @Sendable (Assignment, RunSurroundings, RunLease) async throws -> Outcome

  init<Services>(_ engine: Engine<Services>) async throws {
    try engine.check()
    name = engine.name
    var configuration = try engine.configured()
    // The bus that has the engine is told to each run: an engine that held it too would keep it for ever.
    configuration.environment = .remote
    self.configuration = configuration
    let middleware = MiddlewareChain(configuration.middleware)
    self.middleware = middleware
    mappings = engine.declarations.subscriptions.map { mapping in
      var mapping = mapping
      mapping.middleware = middleware
      return mapping
    }
    logger = engine.logger
    let kinds = engine.declarations.workers
    hands = Hands(engine: name, queues: InlineEngine.queues(engine), workers: kinds.map(\.name), concurrency: 1)
    let services = try await engine.makeServices()
    perform = { assignment, surroundings, lease in
      guard let kind = kinds.first(where: { $0.name == assignment.worker }) else { return .unknownWorker }
      let run = Run(services: services, assignment: assignment, surroundings: surroundings, lease: lease)
      return try await kind.perform(assignment.inputs, run)
    }
  }

  private static func queues<Services>(_ engine: Engine<Services>) -> [QueueName] {
    let named = engine.declarations.workers.map(\.queue) + engine.declarations.subscriptions.compactMap(\.queue)
    return Set(named + [.defaultQueue]).sorted().map { QueueName(engine: engine.name, name: $0) }
  }

  /// The jobs that an event asks for.
  func map(_ event: Event, _ mapping: SubscriptionMapping) throws -> [NewJob] {
    try mapping.map(event, engine: name, token: 1, wiredQueue: nil).jobs
  }

  /// Runs a job; what it publishes and enqueues goes to the bus that runs it. Says also what was thrown.
  func run(_ assignment: Assignment, in bus: InlineBus) async -> (result: JobResult, error: (any Error)?) {
    var configuration = configuration
    configuration.environment = .inline(bus)
    let client = BusClient(unconnected: configuration, middleware: middleware, logger: logger)
    let surroundings = RunSurroundings(engine: name, bus: client, logger: logger, middleware: middleware)
    let lease = RunLease(bus.notes(of: assignment))
    var result = JobResult(id: assignment.id, token: assignment.token, outcome: .done)
    do {
      result.outcome = try await surroundings.run(assignment) { try await perform(assignment, surroundings, lease) }
      if result.outcome == .done { result.result = lease.result }
      return (result, nil)
    } catch {
      result.outcome = Outcome(failure: error)
      return (result, error)
    }
  }
}
