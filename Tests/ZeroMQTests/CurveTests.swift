import Testing
import ZeroMQ

/// Who may come in: keys, and the handler that decides.
struct CurveTests {
  @Test func `keys are made, told apart from other text, and derived`() throws {
    let keys = try CurveKeys.generate()
    #expect(CurveKeys.isKey(keys.publicKey) && CurveKeys.isKey(keys.secretKey))
    #expect(try CurveKeys.generate() != keys)
    #expect(try CurveKeys(secretKey: keys.secretKey) == keys)
    let bytes = try #require(CurveKeys.bytes(of: keys.publicKey))
    #expect(CurveKeys.text(of: bytes) == keys.publicKey)
    #expect(CurveKeys.text(of: Array(bytes.dropLast())) == nil)
    for count in 0..<40 { #expect(!CurveKeys.isKey(String(keys.publicKey.prefix(count)))) }
    #expect(!CurveKeys.isKey(keys.publicKey + "0"))
    #expect(!CurveKeys.isKey("abcde\u{0}" + keys.publicKey.dropFirst(6)))
    for bad in [" ", "~", "é", "\"", "\u{7f}"] {
      #expect(!CurveKeys.isKey(bad + keys.publicKey.dropFirst(bad.utf8.count)))
    }
    #expect { try CurveKeys(secretKey: "no key") } throws: { ($0 as? ZeroMQError)?.code == .insecure }
  }

  @Test func `no description shows a secret key`() throws {
    let keys = try CurveKeys.generate()
    #expect("\(keys)" == keys.publicKey)
    var options = SocketOptions()
    options.curve = .server(secretKey: keys.secretKey)
    #expect(!"\(options)".contains(keys.secretKey))
    options.curve = .client(serverKey: keys.publicKey, publicKey: keys.publicKey, secretKey: keys.secretKey)
    #expect(!"\(options)".contains(keys.secretKey))
    #expect(!String(reflecting: [keys]).contains(keys.secretKey))
  }

  @Test func `a CURVE server that would let anyone in cannot be made`() throws {
    let context = try Context()
    let keys = try CurveKeys.generate()
    for domain in [nil, ""] {
      var options = SocketOptions.brokerRequests
      (options.curve, options.zapDomain) = (.server(secretKey: keys.secretKey), domain)
      #expect { _ = Holder(try Socket(.router, in: context, options: options)) } throws: {
        ($0 as? ZeroMQError)?.code == .insecure
      }
    }
    var options = SocketOptions.clientRequests
    options.curve = .client(serverKey: "short", publicKey: keys.publicKey, secretKey: keys.secretKey)
    #expect { _ = Holder(try Socket(.dealer, in: context, options: options)) } throws: {
      ($0 as? ZeroMQError)?.message == "the server's public key is not a CURVE key: it takes 40 characters of Z85"
    }
  }

  @Test func `a known key comes in and its principal comes with each message`() async throws {
    try await Stage.run { stage in
      let gate = try Gate()
      let questions = Log<ZapHandler.Question>()
      let handler = try ZapHandler(in: gate.context, on: stage.thread) { question in
        questions.entries.append(question)
        return question.publicKey == gate.clientKeys.publicKey ? "account" : nil
      }
      let dealer = try gate.client(keys: gate.clientKeys, serverKey: gate.serverKeys.publicKey)
      _ = try dealer.socket.send(Multipart(text: "hello", "there"))
      let message = try await stage.receive(gate.server.socket)
      #expect(message.principal == "account")
      #expect(message.frames.count == 3)
      #expect(questions.entries.map(\.domain) == ["bus"])
      #expect(questions.entries.map(\.address) == ["127.0.0.1"])
      #expect(questions.entries.map(\.mechanism) == ["CURVE"])
      #expect(try gate.server.socket.send(message) == .sent)
      let answer = try await stage.receive(dealer.socket)
      #expect(answer == Multipart(text: "hello", "there"))
      withExtendedLifetime(handler) {}
    }
  }

  @Test func `an unknown key is refused, and the client learns it`() async throws {
    try await Stage.run { stage in
      let gate = try Gate()
      let handler = try ZapHandler(in: gate.context, on: stage.thread) { question in
        question.publicKey == gate.clientKeys.publicKey ? "account" : nil
      }
      let stranger = try gate.client(keys: .generate(), serverKey: gate.serverKeys.publicKey, connects: false)
      let events = Log<SocketMonitor.Event>()
      let monitor = try gate.watch(stranger, events, on: stage)
      _ = try stranger.socket.send(Multipart(text: "let me in"))
      try await stage.wait { events.entries.contains(.authenticationFailed(400)) }
      #expect(!events.entries.contains(.handshakeSucceeded))
      #expect(try gate.server.socket.receive() == nil)
      withExtendedLifetime((handler, monitor)) {}
    }
  }

  @Test func `without a handler nobody comes in`() async throws {
    try await Stage.run { stage in
      let gate = try Gate()
      let dealer = try gate.client(keys: gate.clientKeys, serverKey: gate.serverKeys.publicKey, connects: false)
      let events = Log<SocketMonitor.Event>()
      let monitor = try gate.watch(dealer, events, on: stage)
      _ = try dealer.socket.send(Multipart(text: "let me in"))
      try await stage.wait { events.entries.contains { CurveTests.isRefusal($0) } }
      #expect(!events.entries.contains(.handshakeSucceeded))
      #expect(try gate.server.socket.receive() == nil)
      withExtendedLifetime(monitor) {}
    }
  }

  @Test func `a client without keys, or with another server's key, does not come in`() async throws {
    for knowsCurve in [false, true] {
      try await Stage.run { stage in
        let gate = try Gate()
        let handler = try ZapHandler(in: gate.context, on: stage.thread) { _ in "anyone" }
        let dealer =
          knowsCurve
          ? try gate.client(keys: gate.clientKeys, serverKey: CurveKeys.generate().publicKey, connects: false)
          : Holder(try Socket(.dealer, in: gate.context, options: SocketOptions()))
        let events = Log<SocketMonitor.Event>()
        let monitor = try gate.watch(dealer, events, on: stage)
        _ = try dealer.socket.send(Multipart(text: "let me in"))
        try await stage.wait { events.entries.contains { CurveTests.isRefusal($0) } }
        #expect(!events.entries.contains(.handshakeSucceeded))
        #expect(try gate.server.socket.receive() == nil)
        withExtendedLifetime((handler, monitor)) {}
      }
    }
  }

  @Test func `a context takes one handler, and another once that is gone`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      var first: ZapHandler? = try ZapHandler(in: context, on: stage.thread) { _ in nil }
      #expect { try ZapHandler(in: context, on: stage.thread) { _ in nil } } throws: {
        ($0 as? ZeroMQError)?.code == .addressInUse
      }
      withExtendedLifetime(first) {}
      first = nil
      _ = try ZapHandler(in: context, on: stage.thread) { _ in nil }
    }
  }

  private static func isRefusal(_ event: SocketMonitor.Event) -> Bool {
    switch event {
    case .authenticationFailed, .handshakeFailed, .disconnected: true
    default: false
    }
  }
}

/// A CURVE server on a port of its own, and the keys of one client.
private final class Gate {
  let context: Context
  let server: Holder
  let serverKeys: CurveKeys
  let clientKeys: CurveKeys

  init() throws {
    context = try Context()
    (serverKeys, clientKeys) = (try .generate(), try .generate())
    var options = SocketOptions.brokerRequests
    options.curve = .server(secretKey: serverKeys.secretKey)
    options.zapDomain = "bus"
    server = Holder(try Socket(.router, in: context, options: options))
    try server.socket.bind(Transport.tcp.endpoint)
  }

  func client(keys: CurveKeys, serverKey: String, connects: Bool = true) throws -> Holder {
    var options = SocketOptions()
    options.curve = .client(serverKey: serverKey, publicKey: keys.publicKey, secretKey: keys.secretKey)
    let holder = Holder(try Socket(.dealer, in: context, options: options))
    if connects { try holder.socket.connect(server.socket.lastEndpoint) }
    return holder
  }

  /// Watches the client's connections, then connects it.
  func watch(
    _ client: Holder, _ events: Log<SocketMonitor.Event>, on stage: isolated Stage
  ) throws -> SocketMonitor {
    let monitor = try client.socket.monitor(on: stage.thread) { event in
      events.entries.append(event)
      stage.assumeIsolated { $0.changed() }
    }
    try client.socket.connect(server.socket.lastEndpoint)
    return monitor
  }
}
