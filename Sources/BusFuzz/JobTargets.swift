internal import BusProtocol

extension FuzzTarget {
  /// What is read from JSON and written as JSON: one reader each.
  private static let forms: [@Sendable (JSONValue) throws -> Void] = [
    form("a job", Job.init(json:), \.json), form("a wish", NewJob.init(json:), \.json),
    form("an item", InboxItem.init(json:), \.json), form("a result", JobResult.init(json:), \.json),
    form("a note", JobNote.init(json:), \.json), form("a change", JobChange.init(json:), \.json),
    form("a cause", JobCause.init(json:), \.json), form("a limit", JobLimit.init(json:), \.json),
    form("a policy", RetryPolicy.init(json:), \.json), form("a debounce", Debounce.init(json:), \.json),
    form("a pause", QueuePause.init(json:), \.json), form("a progress", JobProgress.init(json:), \.json),
    form("a schedule", ScheduleWish.init(json:), \.json), form("an engine", EngineDeclaration.init(json:), \.json),
    form("a batch", JobBatch.init(json:), \.json), form("an outcome", EnqueueOutcome.init(json:), \.json),
  ]

  private static func form<Value: Equatable & SendableMetatype>(
    _ what: String, _ read: @escaping @Sendable (JSONValue) throws -> Value,
    _ json: @escaping @Sendable (Value) -> JSONValue
  ) -> @Sendable (JSONValue) throws -> Void {
    { value in
      let first = try read(value)
      try comesBack(first, as: what) { try read(try JSONParser.parse(json(first).bytes)) }
    }
  }

  static let jobTargets = [
    // The first byte says as what the rest is read.
    FuzzTarget("job", seeds: { FuzzSeeds.jobForms.map { [$0.form] + $0.json.bytes } }) { bytes in
      let first = try required(bytes.first)
      try forms[Int(first) % forms.count](try JSONParser.parse(bytes.dropFirst()))
    },
    FuzzTarget("retry", seeds: { [RetryPolicy.standard.json.bytes] }) { bytes in
      let policy = try RetryPolicy(json: try JSONParser.parse(bytes))
      for attempt in [0, 1, 2, 40, bytes.count, .max] {
        for chance in [0, 0.5, 1.0.nextDown] {
          let delay = policy.delay(afterAttempt: attempt, chance: chance)
          try require((delay ?? .zero) >= .zero, "a job runs again before it failed")
        }
      }
    },
  ]
}
