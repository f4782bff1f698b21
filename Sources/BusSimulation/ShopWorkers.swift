internal import Bus
internal import BusProtocol

/// What the engine of a world declares: two subscriptions, and their workers, which are never run as Swift.
enum ShopWorkers {
  /// One waiting run per key is enough.
  struct Index: Worker {
    let key: Int
    var queueLock: LockKey? { LockKey(key) }
    static var retry: RetryPolicy? { ShopWorkers.retry }
    func work(_ run: Run<Void>) async throws {}
  }

  /// One run per key at a time; each event has its own.
  struct Move: Worker {
    let key: Int
    var workerLock: LockKey? { LockKey(key) }
    static var retry: RetryPolicy? { ShopWorkers.retry }
    func work(_ run: Run<Void>) async throws {}
  }

  /// A job that is asked for at a time.
  static let later: Name = "Later"

  /// Jobs that are asked for together, each with a priority.
  static let urgent: Name = "Urgent"

  static let names: [Name] = [Index.name, Move.name, later, urgent]

  static let retry = RetryPolicy(attempts: 5, base: .milliseconds(200), maximum: .seconds(2))

  static let subscriptions: [SubscriptionMapping] = [
    SubscriptionMapping(
      Subscription<Void>("index_*", named: "index", from: .beginning) { event in Index(key: try event["key"]) }),
    SubscriptionMapping(
      Subscription<Void>("move_*", named: "move", from: .beginning) { event in Move(key: try event["key"]) }),
  ]

  /// What a job is about; nil for one that no event asked for.
  static func subject(_ assignment: Assignment) -> Ledger.Subject? {
    subject(worker: assignment.worker, inputs: assignment.inputs)
  }

  static func subject(worker: Name, inputs: JSONObject) -> Ledger.Subject? {
    guard let key = inputs["key"].flatMap(Int.init(jsonValue:)) else { return nil }
    switch worker {
    case Index.name: return Ledger.Subject(kind: "index", key: key)
    case Move.name: return Ledger.Subject(kind: "move", key: key)
    default: return nil
    }
  }
}
