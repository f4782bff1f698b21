internal import BusBroker
internal import BusProtocol
internal import ZeroMQ

/// What connects the clients of a world with its busd: keeps the order within a connection, and nothing else for sure.
final class SimulatedNetwork {
  /// A connection for requests and answers. What is under way when it breaks is lost; each end hears of it later.
  final class Connection {
    let route: [UInt8]
    /// Whose key it was opened with.
    let principal: String
    let received: ([[UInt8]]) -> Void
    let broke: () -> Void
    var isUp = true
    var arrivalAtBusd: Int64 = 0
    var arrivalAtClient: Int64 = 0

    init(
      route: [UInt8], principal: String, received: @escaping ([[UInt8]]) -> Void, broke: @escaping () -> Void
    ) {
      (self.route, self.principal, self.received, self.broke) = (route, principal, received, broke)
    }
  }

  /// A SUB socket.
  final class Ear {
    let prefixes: [[UInt8]]
    let received: ([[UInt8]]) -> Void
    var arrival: Int64 = 0
    /// Until when what is sent to it finds no room.
    var deafUntil: Int64 = 0
    var isClosed = false

    init(prefixes: [[UInt8]], received: @escaping ([[UInt8]]) -> Void) {
      (self.prefixes, self.received) = (prefixes, received)
    }

    func wants(_ topic: [UInt8]) -> Bool { prefixes.contains { topic.starts(with: $0) } }
  }

  let timeline: Timeline
  /// The busd that listens; nil while none does.
  private(set) var busd: SimulatedSockets?
  private var connections: [[UInt8]: Connection] = [:]
  private var ears: [Ear] = []
  private var lastRoute: UInt64 = 0
  /// Until when messages take long.
  var slowUntil: Int64 = 0

  init(_ timeline: Timeline) { self.timeline = timeline }

  // MARK: Connections

  /// Tries to connect; nil while nobody listens.
  func connect(
    as principal: String, received: @escaping ([[UInt8]]) -> Void, broke: @escaping () -> Void
  ) -> Connection? {
    guard busd != nil else { return nil }
    lastRoute += 1
    let route = (0..<8).map { UInt8(truncatingIfNeeded: lastRoute >> (56 - $0 * 8)) }
    let connection = Connection(route: route, principal: principal, received: received, broke: broke)
    connections[route] = connection
    return connection
  }

  /// A connection breaks: each end hears of it after its time.
  func cut(_ connection: Connection, clientHears: Int64, busdHears: Int64) {
    guard connection.isUp else { return }
    connection.isUp = false
    connections[connection.route] = nil
    timeline.after(clientHears) { connection.broke() }
    let busd = busd
    timeline.after(busdHears) { busd?.forget(connection.route) }
  }

  func listen(_ prefixes: [[UInt8]], received: @escaping ([[UInt8]]) -> Void) -> Ear {
    let ear = Ear(prefixes: prefixes, received: received)
    ears.append(ear)
    return ear
  }

  func close(_ ear: Ear) {
    ear.isClosed = true
    ears.removeAll { $0 === ear }
  }

  // MARK: busd comes and goes

  func busdListens(_ sockets: SimulatedSockets) { busd = sockets }

  /// Nobody listens any more: all connections break, and clients hear of it when they do.
  func busdIsGone(within longest: Int64) {
    busd = nil
    for connection in connections.values.sorted(by: { $0.route.lexicographicallyPrecedes($1.route) }) {
      cut(connection, clientHears: 1 + timeline.below(longest), busdHears: 0)
    }
    // A SUB socket comes back by itself, some time after somebody listens again.
    for ear in ears { ear.deafUntil = max(ear.deafUntil, timeline.now + timeline.below(1_000_000)) }
  }

  // MARK: Messages

  private func latency() -> Int64 {
    timeline.now < slowUntil ? 1000 + timeline.below(1_500_000) : 20 + timeline.below(800)
  }

  func send(_ frames: [[UInt8]], over connection: Connection) {
    guard connection.isUp else { return }
    note("to busd", frames)
    connection.arrivalAtBusd = max(connection.arrivalAtBusd, timeline.now + latency())
    timeline.at(connection.arrivalAtBusd) { [self] in
      guard connection.isUp else { return }
      busd?.arrive([connection.route] + frames, from: connection.principal, at: .requests)
    }
  }

  /// A message of a plain PUB socket.
  func sendPlain(_ frames: [[UInt8]], from principal: String) {
    note("plain", frames)
    timeline.after(latency()) { [self] in busd?.arrive(frames, from: principal, at: .intake) }
  }

  func send(_ frames: [[UInt8]], toClient route: [UInt8]) {
    guard let connection = connections[route] else { return }
    note("to client", frames)
    connection.arrivalAtClient = max(connection.arrivalAtClient, timeline.now + latency())
    timeline.at(connection.arrivalAtClient) { if connection.isUp { connection.received(frames) } }
  }

  func broadcast(_ frames: [[UInt8]]) {
    note("live", frames)
    for ear in ears where ear.wants(frames[0]) && ear.deafUntil <= timeline.now {
      ear.arrival = max(ear.arrival, timeline.now + latency())
      timeline.at(ear.arrival) { if !ear.isClosed { ear.received(frames) } }
    }
  }

  private func note(_ what: StaticString, _ frames: [[UInt8]]) {
    timeline.note(what, UInt64(frames.count), UInt64(frames.reduce(0) { $0 + $1.count }))
    timeline.tell(frames.map { String(decoding: $0.prefix(150), as: UTF8.self) }.joined(separator: " "))
  }
}

/// busd's ends of the network.
final class SimulatedSockets: BrokerSockets {
  private let life: Life
  private let network: SimulatedNetwork
  private let witness: SocketWitness
  private let tails: PassedTails?
  private var input: ((BrokerDoor) -> Void)?
  private var disconnected: (() -> Void)?
  private var waiting: [BrokerDoor: [Multipart]] = [:]
  private var polled: Set<BrokerDoor> = []
  private var routes: Set<[UInt8]> = []
  private var isPaused = false
  private(set) var isLiveOpen = false

  init(life: Life, network: SimulatedNetwork, witness: SocketWitness, tails: PassedTails?) {
    self.tails = tails
    self.life = life
    self.network = network
    self.witness = witness
  }

  func bind() throws {}
  /// No door of a world asks for keys.
  func tryDoors() async throws {}

  func listen(input: @escaping (BrokerDoor) -> Void, disconnected: @escaping () -> Void) {
    self.input = input
    self.disconnected = disconnected
    life.timeline.atEnd { [self] in close() }
    network.busdListens(self)
  }

  func openLive() throws { isLiveOpen = true }
  func closeLive() { isLiveOpen = false }

  /// A message came.
  func arrive(_ frames: [[UInt8]], from principal: String, at door: BrokerDoor) {
    guard life.isAlive else { return }
    if door == .requests {
      routes.insert(frames[0])
      witness.came(frames)
      if let answer = try? tails?.answer(to: frames) { return network.send(answer, toClient: frames[0]) }
    }
    var message = Multipart(frames)
    message.principal = principal
    waiting[door, default: []].append(message)
    poll(door)
  }

  /// A connection is gone; what it brought before can still be received.
  func forget(_ route: [UInt8]) {
    guard life.isAlive else { return }
    routes.remove(route)
    life.after(1) { [self] in disconnected?() }
  }

  private func poll(_ door: BrokerDoor) {
    guard !isPaused, waiting[door]?.isEmpty == false, polled.insert(door).inserted else { return }
    life.after(1 + life.timeline.below(50)) { [self] in
      polled.remove(door)
      if !isPaused { input?(door) }
      poll(door)
    }
  }

  func receive(from door: BrokerDoor) throws -> Multipart? {
    waiting[door]?.isEmpty == false ? waiting[door]?.removeFirst() : nil
  }

  func send(_ message: Multipart, through door: BrokerDoor) throws -> SendOutcome {
    guard life.isAlive else { return .wouldBlock }
    switch door {
    case .requests:
      guard routes.contains(message.frames[0]) else { return .unroutable }
      witness.answered(message.frames)
      try tails?.answered(message.frames)
      network.send(Array(message.frames.dropFirst()), toClient: message.frames[0])
    case .live: network.broadcast(message.frames)
    case .intake: return .wouldBlock
    }
    return .sent
  }

  func setPaused(_ isPaused: Bool) {
    self.isPaused = isPaused
    for door in BrokerDoor.allCases { poll(door) }
  }

  func close() { (input, disconnected) = (nil, nil) }
}
