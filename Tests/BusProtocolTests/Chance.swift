import BusProtocol

/// Chance that comes again with its seed (SplitMix64), and values made of it.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func yes() -> Bool { next() & 1 == 0 }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  mutating func identifier<Subject>() -> Identifier<Subject> { Identifier(high: next(), low: next()) }

  mutating func name(_ longest: Int = 200) -> String {
    let characters = Array("ABYZabyz019_.:-")
    return String((0...below(longest)).map { _ in characters[below(characters.count)] })
  }

  /// Text with what needs care: quotes, escapes, controls, two to four bytes of UTF-8.
  mutating func text() -> String {
    let pieces = [
      "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\r", "\t", "\u{0}", "\u{1F}", "\u{7F}", "é", "ß", "…", "日", "😀",
      "\u{301}",
    ]
    return (0..<below(12)).map { _ in pieces[below(pieces.count)] }.joined()
  }

  mutating func double() -> Double {
    let value = Double(bitPattern: next())
    return value.isFinite ? value : 0.1
  }

  /// A value as the parser gives it: unsigned only above Int64.
  mutating func json(depth: Int = 4) -> JSONValue {
    switch below(depth > 0 ? 8 : 6) {
    case 0: .null
    case 1: .bool(yes())
    case 2: .integer(Int64(bitPattern: next()) >> Int64(below(63)))
    case 3: .unsigned(next() | 1 << 63)
    case 4: .double(double())
    case 5: .string(text())
    case 6: .array((0..<below(5)).map { _ in json(depth: depth - 1) })
    default: .object(object(depth: depth - 1))
    }
  }

  mutating func object(depth: Int = 3) -> JSONObject {
    JSONObject((0..<below(5)).map { JSONObject.Member("\($0)\(text())", json(depth: depth)) })
  }

  mutating func trace() -> TraceContext? {
    TraceContext(traceHigh: next(), traceLow: next() | 1, span: next() | 1, flags: UInt8(truncatingIfNeeded: next()))
  }

  mutating func headers() -> EventHeaders {
    EventHeaders(
      source: yes() ? text() : nil, trace: yes() ? trace() : nil,
      causation: yes() ? (yes() ? .event(identifier()) : .job(identifier())) : nil,
      correlation: yes() ? identifier() : nil, context: yes() ? object() : nil,
      contentType: yes() ? "text/plain" : nil)
  }

  mutating func event() throws -> Event {
    var event = Event(
      id: identifier(), topic: try Topic(name()), data: bytes(below(300)),
      time: Timestamp(microseconds: Int64(bitPattern: next())), publisher: identifier(), publisherSequence: next(),
      headers: headers())
    event.offset = Offset(next())
    event.sequence = next()
    event.recordedAt = Timestamp(microseconds: Int64(bitPattern: next()))
    return event
  }
}

/// Bytes as the protocol article writes them.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(text.utf8) }
