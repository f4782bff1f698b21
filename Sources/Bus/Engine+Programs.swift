package import BusProtocol
package import Logging

extension Engine where Services == Void {
  /// An engine whose workers are named when it runs, and all done by one closure: it gets the worker's name, the inputs
  /// and the run.
  package init(
    _ name: Name, workers: [Name], queue: Name, configuration: BusConfiguration? = nil, concurrency: Int? = nil,
    logger: Logger = Logger(label: "bus.engine"),
    run: @escaping @Sendable (_ worker: Name, _ inputs: JSONObject, _ run: Run<Void>) async -> Outcome
  ) {
    self.init(name, configuration: configuration, concurrency: concurrency, logger: logger) {
      return EngineDeclarations(
        subscriptions: [],
        workers: workers.map { worker in
          WorkerKind(name: worker, queue: queue) { inputs, surroundings in await run(worker, inputs, surroundings) }
        })
    }
  }
}
