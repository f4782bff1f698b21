internal import BusProtocol
internal import ZeroMQ

/// Three sockets of ZeroMQ on one thread, with keys where they reach beyond this machine.
final class ZeroMQSockets: BrokerSockets {
  /// The socket of the live events, with what watches it. A class, so that it can be replaced whole.
  private final class LiveDoor {
    let socket: Socket
    var watch: WatchID?

    init(_ socket: consuming Socket) { self.socket = socket }
  }

  private let endpoints: BrokerEndpoints
  private let access: Access
  private let context: Context
  private let thread: SocketThread
  private let requests: Socket
  private let intake: Socket
  /// nil while nobody may listen without being asked, and between two sockets.
  private var live: LiveDoor?
  private var monitor: SocketMonitor?
  private var zap: ZapHandler?
  private var watches: [WatchID] = []
  private var input: ((BrokerDoor) -> Void)?
  private var disconnected: (() -> Void)?

  init(
    for endpoints: BrokerEndpoints, access: Access, in context: Context, on thread: SocketThread
  ) throws(ZeroMQError) {
    let options = access.options(.brokerRequests, .requests, at: endpoints.requests)
    requests = try Socket(.router, in: context, options: options)
    intake = try Socket(.sub, in: context, options: access.options(.brokerIntake, .intake, at: endpoints.intake))
    (self.endpoints, self.access, self.context, self.thread) = (endpoints, access, context, thread)
  }

  // MARK: Opening and closing

  func bind() throws {
    zap = try ZapHandler(in: context, on: thread) { [access] in access.admit($0) }
    monitor = try requests.monitor(on: thread) { [weak self] event in
      if case .disconnected = event { self?.disconnected?() }
    }
    try requests.bind(endpoints.requests)
    try intake.bind(endpoints.intake)
    try intake.subscribe([])
  }

  func tryDoors() async throws {
    guard let serverKey = access.publicKey else { return }
    let check = DoorCheck(context: context, thread: thread, serverKey: serverKey)
    let known = try CurveKeys.generate()
    var doors = [(endpoints.requests, SocketKind.dealer), (endpoints.intake, .pub)]
    if isLiveOpen { doors.append((endpoints.live, .sub)) }
    try await access.withProbe(known.publicKey) {
      for (endpoint, kind) in doors where access.isKeyed(endpoint) {
        guard let problem = try await check.problem(at: endpoint, kind: kind, known: known) else { continue }
        throw BrokerError(
          .configuration, "busd does not open \(endpoint), which does not ask for keys as it should: \(problem)",
          help: "check libzmq's version and that it was built with CURVE")
      }
    }
  }

  func listen(input: @escaping (BrokerDoor) -> Void, disconnected: @escaping () -> Void) {
    (self.input, self.disconnected) = (input, disconnected)
    watches = [thread.watch(requests) { input(.requests) }, thread.watch(intake) { input(.intake) }]
    watchLive()
  }

  func close() {
    for watch in watches { thread.unwatch(watch) }
    watches = []
    closeLive()
    (monitor, zap, input, disconnected) = (nil, nil, nil, nil)
  }

  // MARK: The live door

  var isLiveOpen: Bool { live != nil }

  func openLive() throws {
    let socket = try Socket(.xpub, in: context, options: access.options(.brokerFanOut, .live, at: endpoints.live))
    try socket.bind(endpoints.live)
    live = LiveDoor(socket)
    watchLive()
  }

  private func watchLive() {
    guard let input, let live else { return }
    live.watch = thread.watch(live.socket) { input(.live) }
  }

  func closeLive() {
    guard let live else { return }
    if let watch = live.watch { thread.unwatch(watch) }
    // What cannot be given back goes with the socket; whoever binds next hears of it.
    try? live.socket.unbind(endpoints.live)
    self.live = nil
  }

  // MARK: Messages

  func receive(from door: BrokerDoor) throws -> Multipart? {
    switch door {
    case .requests: try requests.receive()
    case .live: try live?.socket.receive()
    case .intake: try intake.receive()
    }
  }

  func send(_ message: Multipart, through door: BrokerDoor) throws -> SendOutcome {
    switch door {
    case .requests: try requests.send(message)
    case .live: try live?.socket.send(message) ?? .wouldBlock
    case .intake: try intake.send(message)
    }
  }

  func setPaused(_ isPaused: Bool) {
    for watch in watches { thread.setPaused(watch, isPaused) }
  }
}
