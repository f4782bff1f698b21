import Testing
import ZeroMQ

/// What a monitor tells.
struct SocketMonitorTests {
  @Test(arguments: [Transport.ipc, .tcp])
  func `both ends tell of connection and end`(transport: Transport) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = Holder(try Socket(.router, in: context, options: .brokerRequests))
      var dealer: Holder? = Holder(try Socket(.dealer, in: context, options: .clientRequests))
      let (above, below) = (Log<SocketMonitor.Event>(), Log<SocketMonitor.Event>())
      let monitors = [
        try SocketMonitorTests.follow(router, above, on: stage),
        try SocketMonitorTests.follow(try #require(dealer), below, on: stage),
      ]
      try router.socket.bind(transport.endpoint)
      try dealer?.socket.connect(router.socket.lastEndpoint)
      try await stage.wait { above.entries == [.listening, .accepted, .handshakeSucceeded] }
      try await stage.wait { below.entries == [.connected, .handshakeSucceeded] }
      if let dealer { _ = stage.thread.watch(dealer.socket) {} }
      try dealer?.socket.disconnect(router.socket.lastEndpoint)
      try await stage.wait { above.entries.last == .disconnected }
      dealer = nil
      withExtendedLifetime(monitors) {}
    }
  }

  @Test func `a server that is not there is told as tries`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let free = try Socket(.router, in: context, options: SocketOptions())
      try free.bind(Transport.tcp.endpoint)
      let endpoint = free.lastEndpoint
      try free.unbind(endpoint)
      let dealer = Holder(try Socket(.dealer, in: context, options: .clientRequests))
      let events = Log<SocketMonitor.Event>()
      let monitor = try SocketMonitorTests.follow(dealer, events, on: stage)
      try dealer.socket.connect(endpoint)
      try await stage.wait { if case .retrying(100...) = events.entries.last { true } else { false } }
      withExtendedLifetime(monitor) {}
    }
  }

  @Test func `an endpoint that is taken is told with its errno`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let (one, two) = (
        Holder(try Socket(.router, in: context, options: SocketOptions())),
        Holder(try Socket(.router, in: context, options: SocketOptions()))
      )
      try one.socket.bind(Transport.tcp.endpoint)
      let events = Log<SocketMonitor.Event>()
      let monitor = try SocketMonitorTests.follow(two, events, on: stage)
      #expect(throws: ZeroMQError.self) { try two.socket.bind(one.socket.lastEndpoint) }
      try await stage.wait { if case .bindFailed(1...) = events.entries.last { true } else { false } }
      withExtendedLifetime(monitor) {}
    }
  }

  @Test func `many events do not block the connections`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = Holder(try Socket(.router, in: context, options: .brokerRequests))
      let events = Log<SocketMonitor.Event>()
      let monitor = try SocketMonitorTests.follow(router, events, on: stage)
      try router.socket.bind(Transport.tcp.endpoint)
      for _ in 0..<50 {
        let dealer = try Socket(.dealer, in: context, options: SocketOptions())
        try dealer.connect(router.socket.lastEndpoint)
        _ = try dealer.send(Multipart(text: "here"))
        _ = try await stage.receive(router.socket)
      }
      try await stage.wait { events.entries.count { $0 == .disconnected } == 50 }
      withExtendedLifetime(monitor) {}
    }
  }

  private static func follow(
    _ holder: Holder, _ events: Log<SocketMonitor.Event>, on stage: isolated Stage
  ) throws -> SocketMonitor {
    try holder.socket.monitor(on: stage.thread) { event in
      events.entries.append(event)
      stage.assumeIsolated { $0.changed() }
    }
  }
}
