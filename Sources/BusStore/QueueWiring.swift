public import BusProtocol

/// What the topology says about queues, as far as the store has to know.
public struct QueueWiring: Sendable {
  /// The queues that there are, with their retry policies (nil for ``RetryPolicy/standard``).
  public enum Queues: Sendable {
    /// Any name is a queue: without a topology file.
    case any
    /// These and no others.
    case only([QueueName: RetryPolicy?])
  }

  /// The queues.
  public var queues: Queues
  /// What is limited; a queue that is not here has no limits.
  public var limits: [QueueName: QueueLimits]
  /// The queues of which each attempt that failed is announced.
  public var announcing: Set<QueueName>

  /// A wiring.
  public init(_ queues: Queues, limits: [QueueName: QueueLimits] = [:], announcing: Set<QueueName> = []) {
    self.queues = queues
    self.limits = limits
    self.announcing = announcing
  }

  /// Accepts every queue: what holds until a store is told otherwise.
  public static let any = QueueWiring(.any)

  /// Whether jobs of the queue can run.
  public func knows(_ queue: QueueName) -> Bool {
    switch queues {
    case .any: true
    case .only(let known): known[queue] != nil
    }
  }

  /// The policy for jobs of the queue that have none of their own.
  public func retryPolicy(of queue: QueueName) -> RetryPolicy {
    switch queues {
    case .any: .standard
    case .only(let known): (known[queue] ?? nil) ?? .standard
    }
  }

  /// Why jobs of a queue that is not known are parked, and what helps.
  public func refusal(of queue: QueueName) -> String {
    let siblings: [String] =
      switch queues {
      case .any: []
      case .only(let known): known.keys.filter { $0.engine == queue.engine }.map(\.name.text).sorted()
      }
    let remedy = "add it to engine \"\(queue.engine)\""
    guard !siblings.isEmpty else { return "queue \"\(queue)\" is not in the topology: \(remedy)" }
    let others = siblings.prefix(5).joined(separator: ", ")
    return "queue \"\(queue)\" is not in the topology: \(remedy) or use one of \(others)"
  }
}
