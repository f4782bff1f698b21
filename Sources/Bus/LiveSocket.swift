internal import BusProtocol
internal import Logging
internal import ZeroMQ

/// What comes live over a link: one socket for all who follow, however many they are. On the link's thread alone.
///
/// While busd says nothing for longer than it does when all is well, the socket is made anew, and who follows is told:
/// reading shows whether there was anything.
final class LiveSocket {
  /// One who follows.
  struct Follower {
    let patterns: [TopicPattern]
    let receive: (LiveMessage) -> Void
    let wasSilent: () -> Void

    /// What its socket is to take.
    var prefixes: Set<[UInt8]> { Set(patterns.map(\.literalPrefix)) }
  }

  /// A socket with what watches it. A class, so that it can be replaced whole.
  private final class Connection {
    let socket: Socket
    var watch: WatchID?
    init(_ socket: consuming Socket) { self.socket = socket }
  }

  private let context: Context
  private let thread: SocketThread
  private let keys: BusKeys?
  private let logger: Logger
  /// Where busd publishes; empty where this client cannot listen.
  private var endpoint = ""
  private var connection: Connection?
  private var followers: [Int: Follower] = [:]
  private var lastFollower = 0
  private var audience = LiveAudience()
  private var silence: TimerID?

  private static let messagesPerTurn = 256
  /// busd says something each two seconds at least; longer silence means that the connection is dead without saying so.
  private static let longestSilence: Duration = .seconds(5)

  init(_ context: Context, on thread: SocketThread, keys: BusKeys?, logger: Logger) {
    (self.context, self.thread, self.keys, self.logger) = (context, thread, keys, logger)
  }

  /// Someone follows from now on; gives back the number to end it with.
  func add(_ follower: Follower, at endpoint: String) -> Int {
    lastFollower += 1
    followers[lastFollower] = follower
    audience.join(lastFollower, follower.patterns)
    guard let connection, endpoint == self.endpoint else {
      move(to: endpoint)
      return lastFollower
    }
    do {
      for prefix in follower.prefixes { try connection.socket.subscribe(prefix) }
    } catch { complain(error) }
    return lastFollower
  }

  func remove(_ number: Int) {
    guard let follower = followers.removeValue(forKey: number) else { return }
    audience.leave(number)
    guard !followers.isEmpty else { return disconnect() }
    do {
      for prefix in follower.prefixes { try connection?.socket.unsubscribe(prefix) }
    } catch { complain(error) }
  }

  /// What it asked for did not come: it hears the next sign of life, whatever that is about.
  func insist(_ number: Int) { audience.insist(number) }

  /// A session began: busd publishes there now.
  func move(to endpoint: String) {
    guard endpoint != self.endpoint || (connection == nil && silence == nil) else { return }
    self.endpoint = endpoint
    connect()
  }

  private func connect() {
    disconnect()
    expectSign()
    guard !endpoint.isEmpty else { return }
    do {
      let connection = Connection(
        try Socket(.sub, in: context, options: BusKeys.options(.clientEvents, at: endpoint, keys)))
      try connection.socket.subscribe(LiveMessage.markTopic)
      for follower in followers.values {
        for prefix in follower.prefixes { try connection.socket.subscribe(prefix) }
      }
      try connection.socket.connect(endpoint)
      connection.watch = thread.watch(connection.socket) { [weak self] in self?.receive() }
      self.connection = connection
    } catch { complain(error) }
  }

  private func disconnect() {
    if let watch = connection?.watch { thread.unwatch(watch) }
    connection = nil
    if let silence { thread.cancel(silence) }
    silence = nil
  }

  private func complain(_ error: any Error) {
    logger.error("live events cannot be had", metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
  }

  private func expectSign() {
    if let silence { thread.cancel(silence) }
    silence = thread.schedule(at: .now + LiveSocket.longestSilence) { [weak self] in self?.wasSilent() }
  }

  /// Tries the live path anew; events come, if slowly, also where it stays shut.
  private func wasSilent() {
    connect()
    for follower in Array(followers.values) { follower.wasSilent() }
  }

  private func receive() {
    var heardMark = false
    for _ in 0..<LiveSocket.messagesPerTurn {
      do {
        guard let frames = try connection?.socket.receive()?.frames else { break }
        let message = try LiveMessage(frames: frames)
        if case .mark = message { heardMark = true }
        handOn(message)
      } catch {
        logger.error("a live message was not understood", metadata: ["error": "\(error)"])
      }
    }
    if heardMark { expectSign() }
  }

  private func handOn(_ message: LiveMessage) {
    switch message {
    case .events(let topic, _):
      for number in audience.hearers(of: topic) { followers[number]?.receive(message) }
    case .mark(let mark):
      for word in audience.words(of: mark) { followers[word.number]?.receive(.mark(word.mark)) }
    }
  }

  /// Listens no more.
  func end() {
    followers = [:]
    audience = LiveAudience()
    disconnect()
  }
}
