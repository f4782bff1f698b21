internal import BusProtocol
internal import BusSigning
internal import Logging

/// What all runs of an engine have in common.
struct RunSurroundings: Sendable {
  var engine: Name
  var bus: BusClient?
  var logger: Logger
  var middleware = MiddlewareChain.none
  var witness: RunWitness?

  /// The engine whose job this task runs.
  @TaskLocal static var currentEngine: Name?

  /// Runs the body so that what it publishes and enqueues carries the job as its cause, and the context along.
  func within<R>(_ assignment: Assignment, _ body: () async throws -> R) async rethrows -> R {
    let cause = assignment.cause
    let (values, giver) = given(assignment)
    var context = BusContext(
      values: values, causation: .job(assignment.id), correlation: cause.correlation, trace: cause.trace)
    context.giver = giver
    return try await BusContext.$current.withValue(context) {
      try await RunSurroundings.$currentEngine.withValue(engine) {
        try await BusClient.$current.withValue(bus) { try await body() }
      }
    }
  }

  /// The values of a job's context, and who gave them. What is not what busd sealed is not handed on.
  private func given(_ assignment: Assignment) -> (JSONObject, Name?) {
    guard let context = assignment.cause.context else { return ([:], nil) }
    switch ContextSeal.check(context, of: assignment.queue, assignment.worker, with: bus?.configuration.sealKey) {
    case .unsealed: return (ContextSeal.values(of: context), nil)
    case .genuine(let giver): return (ContextSeal.values(of: context), giver)
    case .broken:
      logger.error(
        "the context of a job is not what busd sealed, and is left out",
        metadata: ["job.id": "\(assignment.id)", "job.worker": "\(assignment.worker)"])
      bus?.publish("context_refused", ["job": assignment.id.jsonValue, "worker": .string(assignment.worker.text)])
      return ([:], nil)
    }
  }

  /// Runs a job with all that goes around it.
  func run(_ assignment: Assignment, _ work: Middleware.Next) async throws -> Outcome {
    try await within(assignment) { try await middleware.run(assignment, work) }
  }

  /// Tells the bus that an event was passed over: whoever watches sees it.
  func publishFailure(of subscription: SubscriptionName, event: Event, error: any Error) {
    bus?.publish(
      "subscription_failed",
      [
        "subscription": .string(subscription.description), "event": event.id.jsonValue,
        "topic": .string(event.topic.text), "offset": event.offset.rawValue.jsonValue, "error": .string("\(error)"),
      ])
  }

  /// A run ended: failures are told at debug here, busd keeps them with the job.
  func note(_ outcome: Outcome, of assignment: Assignment) {
    switch outcome {
    case .done, .notNeeded, .returned, .snoozed, .cancelled: break
    case .failed(let error, _), .dead(let error):
      logger.debug(
        "a run failed",
        metadata: [
          "job.id": "\(assignment.id)", "job.worker": "\(assignment.worker)", "job.attempt": "\(assignment.attempt)",
          "error": "\(error)",
        ])
    case .unknownWorker:
      logger.warning(
        "a job asks for a worker that this binary does not have",
        metadata: ["job.id": "\(assignment.id)", "job.worker": "\(assignment.worker)"])
    }
  }
}
