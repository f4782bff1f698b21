internal import BusProtocol

/// Workers that an engine runs although none of its subscriptions names them: others enqueue them directly.
///
/// ```swift
/// Workers(Geocode.self, SendMail.self)
/// ```
public struct Workers<Services: Sendable>: Sendable {
  let types: [any Worker<Services>.Type]

  /// Names the types.
  public init(_ types: any Worker<Services>.Type...) { self.types = types }
}

/// What an engine declares: see ``EngineBuilder``.
public struct EngineDeclarations<Services: Sendable>: Sendable {
  var subscriptions: [SubscriptionMapping] = []
  var workers: [WorkerKind<Services>] = []
  var schedules: [DeclaredTiming] = []

  mutating func add(_ other: EngineDeclarations<Services>) {
    subscriptions += other.subscriptions
    schedules += other.schedules
    for worker in other.workers where !workers.contains(where: { $0.type == worker.type }) { workers.append(worker) }
  }

  /// What keeps the engine from running: two declarations of one name.
  var problems: [String] {
    duplicates(subscriptions.map(\.name.text)).map {
      "two subscriptions are named \"\($0)\": name one of them with named:"
    }
      + duplicates(workers.map(\.name.text)).map {
        "two workers are named \"\($0)\": give one of them a `static let name`"
      } + duplicates(schedules.map(\.name.text)).map { "two schedules are named \"\($0)\": give one another name" }
      + schedules.compactMap(\.problem)
  }

  private func duplicates(_ names: [String]) -> [String] {
    Dictionary(grouping: names, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
  }
}

/// Lets an engine's closure list its subscriptions, schedules and workers, with `if` and `for`.
///
/// Workers that need no services (``Worker/Services`` is `Void`) may stand in every engine.
@resultBuilder
public enum EngineBuilder<Services: Sendable> {
  /// What one statement declares.
  public typealias Part = EngineDeclarations<Services>

  /// A subscription; its workers are declared with it.
  public static func buildExpression(_ subscription: Subscription<Services>) -> Part {
    Part(
      subscriptions: [SubscriptionMapping(subscription)],
      workers: subscription.workerTypes.map { kind(of: $0) })
  }

  /// A subscription whose workers need no services.
  @_disfavoredOverload
  public static func buildExpression(_ subscription: Subscription<Void>) -> Part {
    Part(
      subscriptions: [SubscriptionMapping(subscription)],
      workers: subscription.workerTypes.map { EngineBuilder<Void>.kind(of: $0).lifted(to: Services.self) })
  }

  /// A schedule; its worker is declared with it.
  public static func buildExpression(_ schedule: Schedule<Services>) -> Part {
    Part(workers: [kind(of: schedule.workerType)], schedules: [DeclaredTiming(schedule)])
  }

  /// A schedule whose worker needs no services.
  @_disfavoredOverload
  public static func buildExpression(_ schedule: Schedule<Void>) -> Part {
    Part(
      workers: [EngineBuilder<Void>.kind(of: schedule.workerType).lifted(to: Services.self)],
      schedules: [DeclaredTiming(schedule)])
  }

  /// Workers.
  public static func buildExpression(_ workers: Workers<Services>) -> Part {
    Part(workers: workers.types.map { kind(of: $0) })
  }

  /// Workers that need no services.
  @_disfavoredOverload
  public static func buildExpression(_ workers: Workers<Void>) -> Part {
    Part(workers: workers.types.map { EngineBuilder<Void>.kind(of: $0).lifted(to: Services.self) })
  }

  /// All statements together.
  public static func buildBlock(_ parts: Part...) -> Part { buildArray(parts) }
  /// `if` without `else`.
  public static func buildOptional(_ part: Part?) -> Part { part ?? Part() }
  /// `if`.
  public static func buildEither(first: Part) -> Part { first }
  /// `else`.
  public static func buildEither(second: Part) -> Part { second }
  /// `for`.
  public static func buildArray(_ parts: [Part]) -> Part { parts.reduce(into: Part()) { $0.add($1) } }

  private static func kind<W: Worker<Services>>(of type: W.Type) -> WorkerKind<Services> { WorkerKind(type) }
}
