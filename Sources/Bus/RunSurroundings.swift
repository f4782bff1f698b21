internal import BusProtocol
internal import Logging

/// What all runs of an engine have in common.
struct RunSurroundings: Sendable {
  var engine: Name
  var bus: BusClient?
  var logger: Logger

  /// The engine whose job this task runs.
  @TaskLocal static var currentEngine: Name?

  /// Runs the body so that what it publishes and enqueues carries the job as its cause, and the context along.
  func within<R>(_ assignment: Assignment, _ body: () async -> R) async -> R {
    let cause = assignment.cause
    let context = BusContext(
      values: cause.context ?? [:], causation: .job(assignment.id), correlation: cause.correlation,
      trace: cause.trace)
    return await BusContext.$current.withValue(context) {
      await RunSurroundings.$currentEngine.withValue(engine) {
        await BusClient.$current.withValue(bus) { await body() }
      }
    }
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
    case .done, .notNeeded, .returned: break
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
