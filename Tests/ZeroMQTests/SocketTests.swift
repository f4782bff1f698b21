import Testing
import ZeroMQ

/// Messages between two sockets.
struct SocketTests {
  @Test(arguments: Transport.allCases, [(SocketKind.dealer, SocketKind.dealer), (.pair, .pair)])
  func `a message goes there and back`(transport: Transport, kinds: (SocketKind, SocketKind)) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let server = try Socket(kinds.0, in: context, options: SocketOptions())
      let client = try Socket(kinds.1, in: context, options: SocketOptions())
      try server.bind(transport.endpoint)
      try client.connect(server.lastEndpoint)
      #expect(try client.send(Multipart(text: "there", "")) == .sent)
      #expect(try await stage.receive(server) == Multipart(text: "there", ""))
      #expect(try server.send(Multipart(text: "back")) == .sent)
      #expect(try await stage.receive(client) == Multipart(text: "back"))
    }
  }

  @Test(arguments: Transport.allCases)
  func `a ROUTER answers the DEALER that asked`(transport: Transport) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = try Socket(.router, in: context, options: .brokerRequests)
      let dealer = try Socket(.dealer, in: context, options: .clientRequests)
      let other = try Socket(.dealer, in: context, options: .clientRequests)
      try router.bind(transport.endpoint)
      try dealer.connect(router.lastEndpoint)
      try other.connect(router.lastEndpoint)
      // Nothing waits for a connection that is not there yet.
      while try dealer.send(Multipart(text: "question")) != .sent { await Task.yield() }
      var message = try await stage.receive(router)
      #expect(message.frames.count == 2)
      #expect(message.frames.last == Array("question".utf8))
      message.frames[1] = Array("answer".utf8)
      #expect(try router.send(message) == .sent)
      #expect(try await stage.receive(dealer) == Multipart(text: "answer"))
      #expect(try other.receive() == nil)
    }
  }

  @Test(arguments: Transport.allCases) func `a PUSH reaches its PULL`(transport: Transport) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let pull = try Socket(.pull, in: context, options: SocketOptions())
      let push = try Socket(.push, in: context, options: SocketOptions())
      try pull.bind(transport.endpoint)
      try push.connect(pull.lastEndpoint)
      for number in 0..<100 { #expect(try push.send(Multipart(text: "\(number)")) == .sent) }
      for number in 0..<100 { #expect(try await stage.receive(pull) == Multipart(text: "\(number)")) }
    }
  }

  @Test func `frames from memory arrive as one message, and are shown without a copy`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let (one, two) = (try pair(context), try pair(context))
      try one.socket.bind("inproc://frames")
      try two.socket.connect("inproc://frames")
      #expect(try one.socket.send([1, 2, 3].span.bytes, more: true))
      var (hasInput, hasOutput) = (two.socket.hasInput, false)
      #expect(!hasInput, "half a message is none")
      #expect(try one.socket.send([UInt8]().span.bytes, more: false))
      (hasInput, hasOutput) = (two.socket.hasInput, one.socket.hasOutput)
      #expect(hasInput && hasOutput)
      let first = try two.socket.receive { bytes, more in (bytes.byteCount, more) }
      let second = try two.socket.receive { bytes, more in (bytes.byteCount, more) }
      #expect(first?.0 == 3 * MemoryLayout<Int>.size && first?.1 == true)
      #expect(second?.0 == 0 && second?.1 == false)
      #expect(try two.socket.receive { _, _ in 0 } == nil)
      _ = stage
    }
  }

  @Test(arguments: Transport.allCases) func `a long frame arrives as it was sent`(transport: Transport) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let pull = try Socket(.pull, in: context, options: SocketOptions())
      let push = try Socket(.push, in: context, options: SocketOptions())
      try pull.bind(transport.endpoint)
      try push.connect(pull.lastEndpoint)
      func pattern() -> [UInt8] { (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) } }
      for _ in 0..<10 {
        var frame = pattern()
        #expect(try push.send(Multipart([frame, frame])) == .sent)
        // The memory that libzmq reads from neither changes nor goes with the array.
        for index in frame.indices { frame[index] = 0 }
      }
      for _ in 0..<10 { #expect(try await stage.receive(pull) == Multipart([pattern(), pattern()])) }
    }
  }

  @Test func `a full queue refuses whole messages at once`() async throws {
    try await Stage.run { _ in
      let context = try Context()
      var options = SocketOptions()
      (options.sendHighWater, options.receiveHighWater) = (10, 10)
      let pull = try Socket(.pull, in: context, options: options)
      let push = try Socket(.push, in: context, options: options)
      #expect(try push.send(Multipart(text: "nobody")) == .wouldBlock)
      try pull.bind("inproc://full")
      try push.connect("inproc://full")
      var sent = 0
      while try push.send(Multipart(text: "\(sent)", "and", "more")) == .sent { sent += 1 }
      #expect(sent == 20)
      let isFull = !push.hasOutput
      #expect(isFull)
      for number in 0..<sent { #expect(try pull.receive() == Multipart(text: "\(number)", "and", "more")) }
      #expect(try pull.receive() == nil)
      #expect(try push.send(Multipart(text: "again")) == .sent)
      #expect(try pull.receive() == Multipart(text: "again"))
    }
  }

  @Test func `a ROUTER says whom it cannot reach`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = try Socket(.router, in: context, options: .brokerRequests)
      try router.bind(Transport.tcp.endpoint)
      #expect(try router.send(Multipart(text: "nobody", "hello")) == .unroutable)
      var dealer: Holder? = Holder(try Socket(.dealer, in: context, options: SocketOptions()))
      try dealer?.socket.connect(router.lastEndpoint)
      _ = try dealer?.socket.send(Multipart(text: "I am here"))
      let question = try await stage.receive(router)
      #expect(try router.send(question) == .sent)
      let disconnected = Log<SocketMonitor.Event>()
      let monitor = try router.monitor(on: stage.thread) { event in
        disconnected.entries.append(event)
        stage.assumeIsolated { $0.changed() }
      }
      dealer = nil
      try await stage.wait { disconnected.entries.contains(.disconnected) }
      while try router.send(question) != .unroutable { await Task.yield() }
      withExtendedLifetime(monitor) {}
    }
  }

  @Test func `a message of too many frames is refused on both sides, and the next one arrives`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let router = try Socket(.router, in: context, options: SocketOptions())
      let dealer = try Socket(.dealer, in: context, options: SocketOptions())
      try router.bind("inproc://frames-limit")
      try dealer.connect("inproc://frames-limit")
      let frames = [[UInt8]](repeating: [1], count: Multipart.maximumFrameCount)
      #expect(try dealer.send(Multipart(frames)) == .sent)
      #expect(try await stage.receive(router).frames.count == 17, "the routing id comes on top")
      #expect { try dealer.send(Multipart(frames + [[1]])) } throws: { ($0 as? ZeroMQError)?.code == .tooManyFrames }
      #expect { try dealer.send(Multipart([])) } throws: { ($0 as? ZeroMQError)?.code == .tooManyFrames }
      for index in 0...40 { #expect(try dealer.send([UInt8(1)].span.bytes, more: index < 40)) }
      _ = try dealer.send(Multipart(text: "next"))
      #expect { try router.receive() } throws: {
        ($0 as? ZeroMQError)?.message
          == "cannot receive a message of 42 frames on a router socket: it takes 1 to 17; join frames"
      }
      #expect(try router.receive()?.frames.last == Array("next".utf8))
    }
  }

  @Test func `a peer that sends a longer frame than is taken is dropped`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      var options = SocketOptions()
      options.maximumFrameByteCount = 1000
      let pull = try Socket(.pull, in: context, options: options)
      let push = try Socket(.push, in: context, options: SocketOptions())
      let events = Log<SocketMonitor.Event>()
      let monitor = try pull.monitor(on: stage.thread) { event in
        events.entries.append(event)
        stage.assumeIsolated { $0.changed() }
      }
      try pull.bind(Transport.tcp.endpoint)
      try push.connect(pull.lastEndpoint)
      _ = try push.send(Multipart([[UInt8](repeating: 0, count: 1000)]))
      #expect(try await stage.receive(pull).frames[0].count == 1000)
      _ = try push.send(Multipart([[UInt8](repeating: 0, count: 1001)]))
      try await stage.wait { events.entries.contains(.disconnected) }
      #expect(try pull.receive() == nil)
      withExtendedLifetime(monitor) {}
    }
  }

  @Test func `an endpoint that cannot be used is named with the reason`() throws {
    let context = try Context()
    let router = try Socket(.router, in: context, options: SocketOptions())
    try router.bind(Transport.tcp.endpoint)
    let taken = router.lastEndpoint
    let other = try Socket(.router, in: context, options: SocketOptions())
    #expect { try other.bind(taken) } throws: { error in
      guard let error = error as? ZeroMQError else { return false }
      return error.code == .addressInUse
        && error.message
          == "cannot bind to \(taken): Address already in use; stop who is there, or choose another endpoint"
    }
    let long = "ipc:///tmp/" + String(repeating: "x", count: 200)
    for endpoint in ["nonsense", "", "tcp://", "ipc:///no/such/directory/x", long, "tcp://127.0.0.1:1\u{0}2"] {
      #expect(throws: ZeroMQError.self) { try other.bind(endpoint) }
    }
    #expect { try other.connect("nonsense") } throws: { ($0 as? ZeroMQError)?.code == .badEndpoint }
    try router.unbind(taken)
  }

  private func pair(_ context: Context) throws -> Holder {
    Holder(try Socket(.pair, in: context, options: SocketOptions()))
  }
}
