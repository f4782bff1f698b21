internal import Bus
internal import BusProtocol

extension FuzzTarget {
  static let jsonTargets = [
    FuzzTarget("json", seeds: { FuzzSeeds.documents }) { bytes in
      let value = try JSONParser.parse(bytes)
      try comesBack(value, as: "JSON") { try JSONParser.parse(value.bytes) }
      let lock = LockKey(value).text(workerNamespace: "w")
      let again = try JSONParser.parse(value.bytes)
      try require(LockKey(again).text(workerNamespace: "w") == lock, "a lock key changes on its way")
    },
    FuzzTarget("inputs", seeds: { FuzzSeeds.documents.filter { $0.first == UInt8(ascii: "{") } }) { bytes in
      let kept = try JobInputs(kept: bytes[...])
      try comesBack(kept, as: "kept inputs") { try JobInputs(kept: kept.text[...]) }
      // What is taken unread has to be what the parser reads.
      let parsed = try succeed("inputs are taken that are no JSON") { try JSONParser.parse(bytes) }
      try require(parsed == .object(kept.values), "inputs are not what the parser reads")
      try require(kept.byteCount == kept.text.count, "inputs have another length than their text")
      let inputs = try JobInputs(bytes[...])
      try comesBack(inputs, as: "inputs") { try JobInputs(inputs.text[...]) }
    },
    FuzzTarget("codable", seeds: { [FuzzSeeds.codable] }) { bytes in
      let sample = try JSONValueDecoder().decode(Sample.self, from: try JSONParser.parse(bytes))
      let json = try succeed("a value cannot be encoded") { try JSONValueEncoder().encode(sample) }
      try comesBack(sample, as: "a value") { try JSONValueDecoder().decode(Sample.self, from: json) }
    },
    FuzzTarget("cloud_event", seeds: { try FuzzSeeds.events.map(\.cloudEvent.bytes) }) { bytes in
      let (publication, data) = try CloudEventLine.read(bytes)
      var event = Event(
        id: publication.id ?? FuzzSeeds.event, topic: publication.topic, data: data, time: FuzzSeeds.time,
        headers: publication.headers)
      // What was no JSON is written as base 64; what says that it is, but is not, as text.
      guard event.headers.isJSON == ((try? JSONParser.parse(data)) != nil) else { return }
      event.headers.correlation = event.headers.correlation ?? event.correlation
      let again = try succeed("a CloudEvent cannot be read again") { try CloudEventLine.read(event.cloudEvent.bytes) }
      try require(again.0.headers == event.headers && again.0.id == event.id, "a CloudEvent changes on its way")
    },
    // Paths before the zero byte, one a line; what they hide something of behind it.
    FuzzTarget("redaction", seeds: { FuzzSeeds.redactions }) { bytes in
      let (texts, json) = bytes.halves
      let paths = String(fuzz: texts).split(separator: "\n").compactMap { RedactedPath(String($0)) }
      for path in paths { try comesBack(path, as: "a path") { try required(RedactedPath(path.description)) } }
      let redaction = Redaction(topics: [.init(FuzzSeeds.anyTopic, paths)], engines: [FuzzSeeds.queue.engine: paths])
      let shown = redaction.shown(try JSONParser.parse(json))
      try comesBack(shown, as: "a redacted value") { try JSONParser.parse(shown.bytes) }
    },
  ]
}

/// Inputs as a worker declares them, with every kind of member.
private struct Sample: Codable, Equatable {
  enum Colour: String, Codable { case red, green }
  struct Part: Codable, Equatable {
    var name: String?
    var counts: [UInt8]
  }

  var id: Int64
  var large: UInt64
  var ratio: Double
  var isNew: Bool
  var colour: Colour?
  var parts: [Part]
  var byName: [String: Part]
  var rest: JSONValue
}
