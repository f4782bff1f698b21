import Testing
import ZeroMQ

/// Who gets what is published.
struct SubscriptionTests {
  @Test(arguments: Transport.allCases, [SocketKind.sub, .xsub])
  func `a subscriber gets what begins with its prefix`(transport: Transport, kind: SocketKind) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let publisher = try Socket(.xpub, in: context, options: .brokerFanOut)
      let subscriber = try Socket(kind, in: context, options: .clientEvents)
      try publisher.bind(transport.endpoint)
      try subscriber.connect(publisher.lastEndpoint)
      try subscriber.subscribe(Array("user_".utf8))
      #expect(try await stage.receive(publisher) == Multipart([[1] + "user_".utf8]))
      for topic in ["page_1", "user_1", "use", "user_2"] {
        #expect(try publisher.send(Multipart(text: topic, "data")) == .sent)
      }
      #expect(try await stage.receive(subscriber) == Multipart(text: "user_1", "data"))
      #expect(try await stage.receive(subscriber) == Multipart(text: "user_2", "data"))
      try subscriber.unsubscribe(Array("user_".utf8))
      #expect(try await stage.receive(publisher) == Multipart([[0] + "user_".utf8]))
      try subscriber.subscribe([])
      #expect(try await stage.receive(publisher) == Multipart([[1]]))
      _ = try publisher.send(Multipart(text: "user_3"))
      #expect(try await stage.receive(subscriber) == Multipart(text: "user_3"))
    }
  }

  @Test func `a plain PUB reaches a bound SUB`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let intake = try Socket(.sub, in: context, options: .brokerIntake)
      let publisher = try Socket(.pub, in: context, options: SocketOptions())
      try intake.subscribe([])
      try intake.bind(Transport.tcp.endpoint)
      try publisher.connect(intake.lastEndpoint)
      // Until it knows that it is wanted, a PUB drops what it is given.
      while !intake.hasInput {
        _ = try publisher.send(Multipart(text: "user_changed", "{}"))
        await Task.yield()
      }
      #expect(try await stage.receive(intake) == Multipart(text: "user_changed", "{}"))
    }
  }

  @Test(arguments: [SocketKind.sub, .xsub]) func `a prefix over 200 bytes is refused`(kind: SocketKind) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let publisher = try Socket(.xpub, in: context, options: .brokerFanOut)
      let subscriber = try Socket(kind, in: context, options: .clientEvents)
      try publisher.bind(Transport.tcp.endpoint)
      try subscriber.connect(publisher.lastEndpoint)
      for count in [201, 246, 255, 256, 100_000] {
        #expect { try subscriber.subscribe([UInt8](repeating: 65, count: count)) } throws: {
          ($0 as? ZeroMQError)?.message
            == "cannot subscribe to a prefix of \(count) bytes: libzmq breaks the connection on long ones; "
            + "use at most 200"
        }
      }
      try subscriber.subscribe([UInt8](repeating: 65, count: 200))
      #expect(try await stage.receive(publisher).frames[0].count == 201)
    }
  }

  @Test func `an XPUB that decides lets nothing through that it did not grant`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      var options = SocketOptions.brokerFanOut
      options.decidesSubscriptions = true
      let publisher = try Socket(.xpub, in: context, options: options)
      let subscriber = try Socket(.sub, in: context, options: .clientEvents)
      try publisher.bind(Transport.tcp.endpoint)
      try subscriber.connect(publisher.lastEndpoint)
      try subscriber.subscribe(Array("secret".utf8))
      _ = try await stage.receive(publisher)
      try subscriber.subscribe(Array("public".utf8))
      _ = try await stage.receive(publisher)
      try publisher.subscribe(Array("public".utf8))
      _ = try publisher.send(Multipart(text: "secret"))
      _ = try publisher.send(Multipart(text: "public"))
      #expect(try await stage.receive(subscriber) == Multipart(text: "public"))
    }
  }
}
