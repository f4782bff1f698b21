import Testing

@testable import ZeroMQ

/// Contexts, sockets and threads end in any order, without waiting and without harm.
struct LifetimeTests {
  @Test func `a context may go before its sockets`() throws {
    var context: Context? = try Context()
    weak let ended = context
    var holders: [Holder] = []
    for kind in [SocketKind.dealer, .router, .pub, .sub, .push, .pair] {
      holders.append(Holder(try Socket(kind, in: try #require(context), options: SocketOptions())))
    }
    context = nil
    #expect(ended != nil)
    // An unreachable peer with messages that wait for it.
    try holders[0].socket.connect("tcp://127.0.0.1:1")
    #expect(try holders[0].socket.send(Multipart(text: "waits")) == .sent)
    holders.shuffle()
    while holders.popLast() != nil {}
    #expect(ended == nil)
  }

  @Test func `a socket may go before its context`() throws {
    let context = try Context()
    for _ in 0..<100 {
      let socket = try Socket(.dealer, in: context, options: .clientRequests)
      try socket.connect("tcp://127.0.0.1:1")
    }
  }

  @Test func `when a context has ended, its ports are free`() throws {
    // An address that only this test has: on another one somebody may get the port between two rounds.
    var endpoint = "tcp://127.77.0.1:*"
    for _ in 0..<50 {
      let router = try Socket(.router, in: try Context(), options: SocketOptions())
      try Self.bind(router, endpoint)
      endpoint = router.lastEndpoint
    }
  }

  /// A program that another test starts has the descriptors of this process for the moment before it runs.
  private static func bind(_ router: borrowing Socket, _ endpoint: String) throws {
    for _ in 0..<100_000 {
      do { return try router.bind(endpoint) } catch { guard error.code == .addressInUse else { throw error } }
    }
    try router.bind(endpoint)
  }

  @Test func `a context without room says so`() throws {
    #expect(throws: ZeroMQError.self) { try Context(maxSockets: 0) }
    #expect(throws: ZeroMQError.self) { try Context(ioThreads: -1) }
    let context = try Context(maxSockets: 2)
    let first = Holder(try Socket(.pair, in: context, options: SocketOptions()))
    let second = Holder(try Socket(.pair, in: context, options: SocketOptions()))
    #expect { _ = Holder(try Socket(.pair, in: context, options: SocketOptions())) } throws: {
      ($0 as? ZeroMQError)?.code == .exhausted
    }
    withExtendedLifetime((first, second)) {}
  }

  @Test func `a watched socket that goes on its thread is closed`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      var holder: Holder? = Holder(try Socket(.pair, in: context, options: SocketOptions()))
      weak let handle = holder?.socket.handle
      if let holder { _ = stage.thread.watch(holder.socket) {} }
      holder = nil
      #expect(handle == nil)
    }
  }

  @Test func `a watched socket that goes on another thread is closed on its own`() async throws {
    let thread = try SocketThread(name: "test")
    defer { thread.stop() }
    let context = try Context()
    let socket = try Socket(.pair, in: context, options: SocketOptions())
    let handle = WeakHandle(socket.handle)
    let holder = Transferred(Holder(socket))
    await onLoop(thread) { if let holder = holder.value { _ = thread.watch(holder.socket) {} } }
    #expect(handle.isAlive)
    holder.value = nil
    await onLoop(thread) {}
    #expect(!handle.isAlive)
  }

  @Test func `a monitor may go before or after its socket, here or there`() async throws {
    for isMonitorFirst in [true, false] {
      for isHere in [true, false] {
        let monitor = Transferred<SocketMonitor>(nil)
        let handle = try await Stage.run { stage in
          let context = try Context()
          let holder = Holder(try Socket(.router, in: context, options: SocketOptions()))
          let handle = WeakHandle(holder.socket.handle)
          monitor.value = try holder.socket.monitor(on: stage.thread) { _ in }
          try holder.socket.bind(Transport.tcp.endpoint)
          if isMonitorFirst, isHere { monitor.value = nil }
          if isMonitorFirst, !isHere { await Task { @concurrent in monitor.value = nil }.value }
          withExtendedLifetime(holder) {}
          return handle
        }
        monitor.value = nil
        try await Stage.run { _ in }
        await handle.end()
      }
    }
  }

  @Test func `a socket can be monitored again`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = try Socket(.router, in: context, options: SocketOptions())
      for _ in 0..<20 {
        let events = Log<SocketMonitor.Event>()
        let monitor = try router.monitor(on: stage.thread) { event in
          events.entries.append(event)
          stage.assumeIsolated { $0.changed() }
        }
        try router.bind(Transport.tcp.endpoint)
        try await stage.wait { events.entries == [.listening] }
        withExtendedLifetime(monitor) {}
      }
    }
  }
}
