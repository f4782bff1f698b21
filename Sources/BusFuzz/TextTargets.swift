internal import BusProtocol
internal import BusTopology

extension FuzzTarget {
  static let textTargets = [
    text("timestamp", ["2026-01-31T08:30:00.123456Z", "+010000-01-01T00:00:00+23:59"]) { text in
      let time = try Timestamp(text)
      try comesBack(time, as: "a time") { try Timestamp(time.description) }
    },
    text("identifier", ["01KG9JRPXVEWH828T5CY4TQKFF"]) { text in
      let id = try EventID(text)
      try comesBack(id, as: "an id") { try EventID(id.description) }
      _ = id.time?.description
    },
    FuzzTarget("pattern", seeds: { ["user_*", "*a*", "*"].map { Array($0.utf8) + [0] + FuzzSeeds.topic.text.utf8 } }) {
      bytes in
      let (first, second) = bytes.halves
      let pattern = try TopicPattern(String(fuzz: first))
      let topic = try Topic(String(fuzz: second))
      try require(TopicFilter([pattern]).wants(topic) == pattern.matches(topic), "pattern and filter disagree")
      try require(FuzzSeeds.anyTopic.matches(topic), "a topic matches no star")
    },
    text("trace", ["00-00000000000000010000000000000002-0000000000000003-01"]) { text in
      let trace = try TraceContext(text)
      try comesBack(trace, as: "a trace") { try TraceContext(trace.description) }
    },
    text("name", ["search/user_index", "event:01KG9JRPXVEWH828T5CY4TQKFF", "shop.a"]) { text in
      let path = RedactedPath(text)
      if let path { try comesBack(path, as: "a path") { try required(RedactedPath(path.description)) } }
      let cause = try? Causation(text)
      if let cause { try comesBack(cause, as: "a cause") { try Causation(cause.text) } }
      guard path == nil, cause == nil, text.contains("/") else {
        _ = try Name(text)
        return
      }
      let name = try QueueName(text)
      try comesBack(name, as: "a name") { try QueueName(name.description) }
    },
    text("words", ["1h30m", "36500d", "20GiB", "200/s burst 50", "tcp://127.0.0.1:5570", "http=[::1]:80"]) { text in
      var count = 0
      func back<Value: Equatable>(_ value: Value?, _ again: (Value) throws -> Value?) throws {
        guard let value else { return }
        count += 1
        try comesBack(value, as: "\(Value.self)") { try required(try again(value)) }
      }
      try back(Duration(words: text)) { Duration(words: $0.words) }
      try back(ByteCount(words: text)) { ByteCount(words: $0.description) }
      try back(try? RateLimit(text)) { try RateLimit($0.description) }
      try back(Endpoint(text)) { Endpoint($0.description) }
      try back(ListenAddress(text)) { ListenAddress($0.description) }
      if count == 0 { _ = try RateLimit(text) }
    },
    text("base64", ["AAECAwQFBgc=", "Zm9v"]) { text in
      let bytes = try required(Base64.bytes(of: text))
      try comesBack(bytes, as: "base 64") { try required(Base64.bytes(of: Base64.text(of: bytes))) }
    },
  ]

  private static func text(
    _ name: String, _ seeds: [String], _ read: @escaping @Sendable (String) throws -> Void
  ) -> FuzzTarget {
    FuzzTarget(name, seeds: { seeds.map { Array($0.utf8) } }) { try read(String(fuzz: $0)) }
  }
}
