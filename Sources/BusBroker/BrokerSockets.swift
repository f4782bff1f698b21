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
/// They belong to the loop's thread. No call but ``tryDoors()`` waits.
package protocol BrokerSockets: AnyObject {
  /// Takes the endpoints but the live one; nobody is served yet.
  func bind() throws
  /// Tries each door that asks for keys. Throws for one that would let strangers in, or nobody.
  func tryDoors() async throws
  /// Begins to serve. `input` is called again and again while a door has input, `disconnected` when a connection of the
  /// requests breaks, whosever it was.
  func listen(input: @escaping (BrokerDoor) -> Void, disconnected: @escaping () -> Void)
  /// Whether anybody can listen live.
  var isLiveOpen: Bool { get }
  /// Opens the live door.
  func openLive() throws
  /// Closes the live door: all that listen there have to connect anew.
  func closeLive()
  /// Takes a message that waits; nil when none does.
  func receive(from door: BrokerDoor) throws -> Multipart?
  /// Sends a message, all of it or nothing.
  func send(_ message: Multipart, through door: BrokerDoor) throws -> SendOutcome
  /// Leaves the input where it is for a while: the queues of the peers fill, then those wait.
  func setPaused(_ isPaused: Bool)
  /// Listens no more; what is still to be sent is sent.
  func close()
}
