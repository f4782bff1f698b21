internal import BusProtocol
package import ZeroMQ

/// Where messages come in and go out.
package enum BrokerDoor: Hashable, Sendable, CaseIterable {
  /// Requests, and the answers: the first frame is the route.
  case requests
  /// Live events go out, subscriptions come in.
  case live
  /// Events of plain PUB sockets come in.
  case intake
}

/// busd's sockets as its socket loop sees them: those of ZeroMQ, or the ends of a simulated network.
///
/// They belong to the loop's thread. No call waits.
package protocol BrokerSockets: AnyObject {
  /// Begins to listen. `input` is called again and again while a door has input, `disconnected` when a connection of the
  /// requests breaks, whosever it was.
  func open(
    at endpoints: BrokerEndpoints, input: @escaping (BrokerDoor) -> Void, disconnected: @escaping () -> Void) throws
  /// Takes a message that waits; nil when none does.
  func receive(from door: BrokerDoor) throws -> Multipart?
  /// Sends a message, all of it or nothing.
  func send(_ message: Multipart, through door: BrokerDoor) throws -> SendOutcome
  /// Leaves the input where it is for a while: the queues of the peers fill, then those wait.
  func setPaused(_ isPaused: Bool)
  /// Listens no more; what is still to be sent is sent.
  func close()
}

/// Three sockets of ZeroMQ on one thread.
final class ZeroMQSockets: BrokerSockets {
  private let requests: Socket
  private let live: Socket
  private let intake: Socket
  private let thread: SocketThread
  private var monitor: SocketMonitor?
  private var watches: [WatchID] = []

  init(for endpoints: BrokerEndpoints, in context: Context, on thread: SocketThread) throws(ZeroMQError) {
    requests = try Socket(.router, in: context, options: .brokerRequests.quiet(at: endpoints.requests))
    live = try Socket(.xpub, in: context, options: .brokerFanOut.quiet(at: endpoints.live))
    intake = try Socket(.sub, in: context, options: .brokerIntake)
    self.thread = thread
  }

  func open(
    at endpoints: BrokerEndpoints, input: @escaping (BrokerDoor) -> Void, disconnected: @escaping () -> Void
  ) throws {
    monitor = try requests.monitor(on: thread) { event in
      if case .disconnected = event { disconnected() }
    }
    try requests.bind(endpoints.requests)
    try live.bind(endpoints.live)
    try intake.bind(endpoints.intake)
    try intake.subscribe([])
    watches = [
      thread.watch(requests) { input(.requests) },
      thread.watch(live) { input(.live) },
      thread.watch(intake) { input(.intake) },
    ]
  }

  func receive(from door: BrokerDoor) throws -> Multipart? {
    switch door {
    case .requests: try requests.receive()
    case .live: try live.receive()
    case .intake: try intake.receive()
    }
  }

  func send(_ message: Multipart, through door: BrokerDoor) throws -> SendOutcome {
    switch door {
    case .requests: try requests.send(message)
    case .live: try live.send(message)
    case .intake: try intake.send(message)
    }
  }

  func setPaused(_ isPaused: Bool) {
    for watch in watches { thread.setPaused(watch, isPaused) }
  }

  func close() {
    for watch in watches { thread.unwatch(watch) }
    watches = []
    monitor = nil
  }
}
