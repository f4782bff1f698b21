package import BusProtocol

/// A worker's type as its engine keeps it: by name, able to run a job from its inputs.
struct WorkerKind<Services: Sendable>: Sendable {
  let name: Name
  let queue: Name
  let inputs: [String]
  /// The worker's own; nil for its queue's.
  let timeout: Timeout?
  let type: ObjectIdentifier
  /// Reads the inputs, asks whether the work is needed, and does it; throws what the worker throws.
  let perform: @Sendable (JSONObject, Run<Services>) async throws -> Outcome

  init<W: Worker<Services>>(_ worker: W.Type) {
    let (name, defaults) = (W.name, W.defaults)
    self.name = name
    queue = W.queue
    inputs = InputNames.of(W.self)
    timeout = W.timeout
    type = ObjectIdentifier(W.self)
    perform = { inputs, run in
      let worker = try W(inputs: inputs, defaults: defaults, name: name)
      guard try await worker.isNeeded(run) else { return .notNeeded }
      try await worker.work(run)
      return .done
    }
  }

  /// A worker without a type: whatever its inputs are, the closure gets them.
  init(name: Name, queue: Name, run: @escaping @Sendable (JSONObject, Run<Services>) async -> Outcome) {
    self.init(name: name, queue: queue, inputs: [], timeout: nil, type: ObjectIdentifier(WorkerKind.self), perform: run)
  }

  private init(
    name: Name, queue: Name, inputs: [String], timeout: Timeout?, type: ObjectIdentifier,
    perform: @escaping @Sendable (JSONObject, Run<Services>) async throws -> Outcome
  ) {
    self.name = name
    self.queue = queue
    self.inputs = inputs
    self.timeout = timeout
    self.type = type
    self.perform = perform
  }
}

extension WorkerKind where Services == Void {
  /// The same worker in an engine that has services, which this worker does not need.
  func lifted<Other: Sendable>(to services: Other.Type) -> WorkerKind<Other> {
    WorkerKind<Other>(name: name, queue: queue, inputs: inputs, timeout: timeout, type: type) {
      [perform] inputs, other in
      try await perform(inputs, other.with(()))
    }
  }
}

extension Worker {
  /// Reads the inputs of a job: what an older payload lacks comes from the defaults, what a newer one adds is ignored.
  package init(inputs: JSONObject, defaults: JSONObject, name: Name) throws(ProtocolError) {
    var inputs = inputs
    for member in defaults.members where inputs[member.key] == nil { inputs.members.append(member) }
    self = try JSONValueDecoder().decode(Self.self, from: .object(inputs), of: "the inputs of \(name)")
  }
}

extension Outcome {
  /// What a run that threw says.
  init(failure error: any Error) {
    switch error {
    case let retry as Retry: self = .failed(error: retry.reason, retryAfter: retry.after)
    case let end as GiveUp: self = .dead(error: end.reason)
    case let snooze as Snooze: self = .snoozed(after: snooze.duration)
    case let drop as Drop: self = .cancelled(reason: drop.reason)
    default: self = .failed(error: Outcome.text(of: error), retryAfter: nil)
    }
  }

  /// Bounded, because errors may carry whole documents.
  private static func text(of error: any Error) -> String {
    let text = "\(type(of: error)): \(error)"
    guard text.utf8.count > Outcome.maximumErrorByteCount else { return text }
    return String(decoding: text.utf8.prefix(Outcome.maximumErrorByteCount), as: UTF8.self)
  }
}
