public import BusProtocol

/// Says which events an engine wants, and which workers each of them asks for.
///
/// The closure is a pure function from an event to workers: it looks nothing up and changes nothing, so it can be
/// tested without a bus, and run again after a crash. What is worth deciding with the truth at hand, the worker
/// decides.
///
/// ```swift
/// Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
///
/// Subscription("order_*", named: "orders", where: ["country": .oneOf(["DE", "AT"])], from: .beginning) { event in
///   ChargeOrder(orderID: try event["id"])
///   if event.topic == "order_cancelled" { RefundOrder(orderID: try event["id"]) }
/// }
/// ```
///
/// A closure with its own `return` says its type: `{ event -> IndexUser? in … }`.
public struct Subscription<Services: Sendable>: Sendable {
  /// Its name within the engine; its place in the spool is kept under it for ever.
  public let name: Name
  /// The topics it wants.
  public let patterns: [TopicPattern]
  /// What the members of an event's data have to be, by their names.
  public let conditions: [String: Condition]
  /// Where it begins when it is new.
  public let start: SubscriptionWish.Start
  /// The queue for jobs of workers that name none, unless the topology names another; nil for `default`.
  public let queue: Name?
  /// Whether it takes only events whose signature was verified here.
  public private(set) var wantsSigned = false

  let workerTypes: [any Worker<Services>.Type]
  private let map: @Sendable (Event) throws -> [any Worker<Services>]

  /// Wants the topics of one pattern.
  ///
  /// - Parameters:
  ///   - pattern: a topic, or a pattern with `*`.
  ///   - name: nil for the pattern's text, with `any` for `*`.
  ///   - conditions: what has to hold for the event's data; none by default.
  ///   - start: where a new subscription begins; an old one goes on where it was.
  ///   - queue: for jobs of workers that name no queue; the topology may name another.
  ///   - map: the workers that an event asks for.
  public init<List: WorkerList<Services>>(
    _ pattern: TopicPattern, named name: Name? = nil, where conditions: [String: Condition] = [:],
    from start: SubscriptionWish.Start = .now, queue: Name? = nil,
    @WorkerListBuilder _ map: @escaping @Sendable (Event) throws -> List
  ) {
    self.init([pattern], named: name, where: conditions, from: start, queue: queue, map)
  }

  /// Wants the topics of several patterns; an event that several match is handled once.
  public init<List: WorkerList<Services>>(
    _ patterns: [TopicPattern], named name: Name? = nil, where conditions: [String: Condition] = [:],
    from start: SubscriptionWish.Start = .now, queue: Name? = nil,
    @WorkerListBuilder _ map: @escaping @Sendable (Event) throws -> List
  ) {
    precondition(!patterns.isEmpty, "a subscription wants at least one pattern")
    self.name = name ?? Subscription.name(of: patterns)
    self.patterns = patterns
    self.conditions = conditions
    self.start = start
    self.queue = queue
    workerTypes = List.workerTypes
    self.map = { event in try map(event).workers }
  }

  /// The same subscription for events that somebody signed whose key this process knows: see
  /// ``BusConfiguration/signers``. Others are passed over, and the bus is told as of a mapping that failed.
  public func signed() -> Subscription {
    var subscription = self
    subscription.wantsSigned = true
    return subscription
  }

  /// Whether the event is one of those that it wants: by topic and by conditions.
  public func wants(_ event: Event) -> Bool {
    guard patterns.contains(where: { $0.matches(event.topic) }) else { return false }
    guard !conditions.isEmpty else { return true }
    // Data that is no JSON object has no members: only conditions of absence hold.
    let data = try? event.json
    return conditions.allSatisfy { $0.value.holds(for: data?[$0.key]) }
  }

  /// The workers that an event asks for, none for an event that it does not want. Pure: nothing is enqueued.
  ///
  /// ```swift
  /// #expect(try subscription.workers(for: event) as? [IndexUser] == [IndexUser(userID: 42)])
  /// ```
  public func workers(for event: Event) throws -> [any Worker<Services>] {
    guard wants(event) else { return [] }
    guard !wantsSigned || event.signer != nil else { throw Subscription.unverified(event) }
    return try map(event)
  }

  private static func unverified(_ event: Event) -> BusError {
    let who = event.headers.signature.map { "the signature of \($0.signer) was not verified" } ?? "nobody signed it"
    return BusError(
      code: "unsigned", "event \(event.id) (\(event.topic)) is not taken: \(who)",
      help: "give its publisher BUS_SIGNING_KEY, and this process BUS_SIGNERS with the publisher's NAME.verify")
  }

  private static func name(of patterns: [TopicPattern]) -> Name {
    let text = patterns.map { $0.text.split(separator: "*", omittingEmptySubsequences: false).joined(separator: "any") }
      .joined(separator: ".")
    do {
      return try Name(text, of: "subscription")
    } catch {
      preconditionFailure("\(error.message); give the subscription a name with named:")
    }
  }
}
