internal import BusProtocol
internal import Synchronization

/// The middleware of a client, sorted by what it goes around, with a count of that which threw.
final class MiddlewareChain: Sendable {
  private let publishing: [(name: String, body: Middleware.Publishing)]
  private let mapping: [(name: String, body: Middleware.Mapping)]
  private let working: [(name: String, body: Middleware.Working)]
  private let failed = Atomic<Int>(0)

  static let none = MiddlewareChain([])

  init(_ middleware: [Middleware]) {
    publishing = middleware.compactMap { if case .publishing(let body) = $0.step { ($0.name, body) } else { nil } }
    isAroundPublishing = !publishing.isEmpty
    mapping = middleware.compactMap { if case .mapping(let body) = $0.step { ($0.name, body) } else { nil } }
    working = middleware.compactMap { if case .working(let body) = $0.step { ($0.name, body) } else { nil } }
  }

  /// Whether anything goes around publications: asked first, so that it costs nothing where nothing does.
  let isAroundPublishing: Bool

  /// How often one threw.
  var failureCount: Int { failed.load(ordering: .relaxed) }

  /// The event as it is published; nil where nothing goes around.
  func prepare(_ topic: Topic, _ data: [UInt8], dueAt: Timestamp? = nil) throws(BusError) -> OutgoingEvent? {
    guard isAroundPublishing else { return nil }
    var publication = OutgoingEvent(topic: topic, data: data, context: .current, dueAt: dueAt)
    for (name, body) in publishing {
      do { try body(&publication) } catch {
        throw BusError(code: "middleware", "middleware \(name) stopped event \(topic): \(count(error))")
      }
    }
    return publication
  }

  /// The event as a subscription gets it.
  func prepare(_ event: Event, for subscription: SubscriptionName) throws -> Event {
    guard !mapping.isEmpty else { return event }
    var event = event
    for (_, body) in mapping {
      do { try body(&event, subscription) } catch { throw count(error) }
    }
    return event
  }

  /// Does the work inside of all that goes around it.
  func run(_ assignment: Assignment, _ work: Middleware.Next) async throws -> Outcome {
    guard !working.isEmpty else { return try await work() }
    return try await run(assignment, from: 0, work)
  }

  private func run(_ assignment: Assignment, from index: Int, _ work: Middleware.Next) async throws -> Outcome {
    guard index < working.count else { return try await work() }
    // What the work threw, or the middleware behind, is not this one's failure.
    var isThrownBehind = false
    do {
      return try await working[index].body(assignment) {
        do { return try await run(assignment, from: index + 1, work) } catch {
          isThrownBehind = true
          throw error
        }
      }
    } catch { throw isThrownBehind ? error : count(error) }
  }

  private func count(_ error: any Error) -> any Error {
    failed.wrappingAdd(1, ordering: .relaxed)
    return error
  }
}
