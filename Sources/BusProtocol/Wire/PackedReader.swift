/// Reads a packed message: every length is checked against what there is before anything is taken.
struct PackedReader {
  private let bytes: [UInt8]
  private let verb: String
  private var position = 0
  private var texts: [String] = []
  /// The names among the texts, as far as they were asked for.
  private var names: [Name?] = []
  /// The number of the client's request; 0 in what is pushed.
  let request: UInt64
  let entryCount: Int

  /// Reads the header. Refuses another form, flags, and more entries than there are bytes for.
  init(_ bytes: [UInt8], of verb: String, entryByteCount: Int) throws(ProtocolError) {
    guard bytes.count >= PackedForm.headerByteCount else {
      throw ProtocolError(.badMessage, "a packed \(verb) is cut short")
    }
    guard bytes[0] == PackedForm.current, bytes[1] == 0, bytes[2] == 0, bytes[3] == 0 else {
      throw ProtocolError(
        .badMessage, "a packed \(verb) is of form \(bytes[0]), which this version does not know: send JSON")
    }
    self.bytes = bytes
    self.verb = verb
    let header = bytes.span.bytes
    entryCount = Int(header.littleEndian(UInt32.self, at: 4))
    request = header.littleEndian(UInt64.self, at: 8)
    position = PackedForm.headerByteCount
    guard entryCount <= (bytes.count - position) / entryByteCount else {
      throw ProtocolError(.badMessage, "a packed \(verb) names \(entryCount) entries and has no room for them")
    }
  }

  /// The number of the request, where the bytes reach that far.
  static func request(in bytes: [UInt8]) -> UInt64? {
    guard bytes.count >= PackedForm.headerByteCount, bytes[0] == PackedForm.current else { return nil }
    return bytes.span.bytes.littleEndian(UInt64.self, at: 8)
  }

  private func refusal(_ why: String) -> ProtocolError {
    ProtocolError(.badMessage, "a packed \(verb) is wrong at byte \(position): \(why)")
  }

  func refused(_ why: String) -> ProtocolError { refusal(why) }

  /// Nothing may follow what was read.
  func end() throws(ProtocolError) {
    guard position == bytes.count else { throw refusal("something follows the last entry") }
  }

  private mutating func take(_ count: Int) throws(ProtocolError) -> Int {
    guard count <= bytes.count - position else { throw refusal("it is cut short") }
    defer { position += count }
    return position
  }

  mutating func number<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self
  ) throws(ProtocolError) -> T {
    let start = try take(MemoryLayout<T>.size)
    return bytes.span.bytes.littleEndian(type, at: start)
  }

  /// An offset or a token: stores keep them in 64 bits with a sign.
  mutating func bounded() throws(ProtocolError) -> UInt64 {
    let number = try number(UInt64.self)
    guard number <= Offset.maximum.rawValue else { throw refusal("\(number) is beyond the largest number") }
    return number
  }

  mutating func offset() throws(ProtocolError) -> Offset { Offset(try bounded()) }

  mutating func id<Subject>() throws(ProtocolError) -> Identifier<Subject> {
    let start = try take(16)
    let span = bytes.span.bytes
    return Identifier(high: span.bigEndian(at: start), low: span.bigEndian(at: start + 8))
  }

  /// Bytes with their length before them in four.
  mutating func long() throws(ProtocolError) -> ArraySlice<UInt8> {
    let count = Int(try number(UInt32.self))
    let start = try take(count)
    return bytes[start..<start + count]
  }

  mutating func json() throws(ProtocolError) -> JSONValue {
    try JSONParser.parse(try long(), maximumDepth: WireMessage.maximumDepth)
  }

  // MARK: Texts

  /// The number of a text; one that comes for the first time is kept.
  private mutating func textNumber() throws(ProtocolError) -> Int {
    let number = Int(try self.number(UInt16.self))
    guard number >= texts.count else { return number }
    guard number == texts.count else { throw refusal("text \(number) was never written") }
    let count = Int(try self.number(UInt16.self))
    let start = try take(count)
    guard let text = String(validating: bytes[start..<start + count], as: UTF8.self) else {
      throw refusal("a text is not UTF-8")
    }
    texts.append(text)
    names.append(nil)
    return number
  }

  mutating func text() throws(ProtocolError) -> String { texts[try textNumber()] }

  mutating func name(of what: StaticString) throws(ProtocolError) -> Name {
    let number = try textNumber()
    if let name = names[number] { return name }
    let name = try Name(texts[number], of: "\(what)")
    names[number] = name
    return name
  }

  mutating func topic() throws(ProtocolError) -> Topic { Topic(unchecked: try name(of: "topic").text) }

  mutating func qualifiedName<Owned>() throws(ProtocolError) -> QualifiedName<Owned> {
    let engine = try name(of: "engine")
    return QualifiedName(engine: engine, name: try name(of: "name"))
  }

  // MARK: Fields

  /// Reads fields; the closure reads the value of each key that it gets, and all of it.
  mutating func fields(
    _ read: (_ key: PackedField, _ byteCount: Int, inout PackedReader) throws(ProtocolError) -> Void
  ) throws(ProtocolError) {
    for _ in 0..<(try number(UInt8.self)) {
      let key = PackedField(rawValue: try number())
      let count = Int(try number(UInt16.self))
      let end = try take(count) + count
      guard let key else { continue }
      position = end - count
      try read(key, count, &self)
      guard position == end else { throw refusal("field \(key.rawValue) has another length") }
    }
  }

  mutating func text(byteCount: Int) throws(ProtocolError) -> String {
    let start = try take(byteCount)
    guard let text = String(validating: bytes[start..<start + byteCount], as: UTF8.self) else {
      throw refusal("a text is not UTF-8")
    }
    return text
  }

  mutating func slice(byteCount: Int) throws(ProtocolError) -> ArraySlice<UInt8> {
    let start = try take(byteCount)
    return bytes[start..<start + byteCount]
  }

  mutating func object(byteCount: Int) throws(ProtocolError) -> JSONObject {
    let json = try JSONParser.parse(try slice(byteCount: byteCount), maximumDepth: WireMessage.maximumDepth)
    guard case .object(let object) = json else { throw refusal("the JSON of a field is no object") }
    return object
  }
}
