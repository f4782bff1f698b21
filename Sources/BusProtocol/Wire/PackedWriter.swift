/// Writes a packed message: the bytes that the verbs of the main path have in the place of JSON.
///
/// A text that comes again is written once: the first time with its bytes, later by its number.
struct PackedWriter {
  /// A number or a length does not fit: the message goes as JSON.
  struct DoesNotFit: Error {}

  private(set) var bytes: [UInt8] = []
  private var numbers: [String: UInt16] = [:]
  /// What each of the places had last: nearly always it has it again, and comparing is cheaper than hashing.
  private var recent = [(text: String, number: UInt16)?](repeating: nil, count: Place.allCases.count)

  /// Where in an entry a text stands.
  enum Place: Int, CaseIterable {
    case engine, queue, worker, topic, subscription, source
  }

  /// Begins a message with its header.
  init(request: UInt64, entryCount: Int, capacity: Int) throws(DoesNotFit) {
    bytes.reserveCapacity(capacity)
    bytes.append(PackedForm.current)
    bytes.append(0)
    bytes.append(littleEndian: UInt16(0))
    bytes.append(littleEndian: try fit(entryCount) as UInt32)
    bytes.append(littleEndian: request)
  }

  private func fit<T: FixedWidthInteger>(_ number: Int) throws(DoesNotFit) -> T {
    guard let number = T(exactly: number) else { throw DoesNotFit() }
    return number
  }

  mutating func append(byte: UInt8) { bytes.append(byte) }

  mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ number: T) { bytes.append(littleEndian: number) }

  mutating func append<Subject>(_ id: Identifier<Subject>) { id.append(to: &bytes) }

  mutating func append(_ trace: TraceContext) { trace.append(to: &bytes) }

  /// Appends a text of those that come again and again: a name, a topic, a source.
  mutating func append(text: String, _ place: Place) throws(DoesNotFit) {
    if let last = recent[place.rawValue], last.text == text { return bytes.append(littleEndian: last.number) }
    if let number = numbers[text] {
      recent[place.rawValue] = (text, number)
      return bytes.append(littleEndian: number)
    }
    let number: UInt16 = try fit(numbers.count)
    numbers[text] = number
    recent[place.rawValue] = (text, number)
    bytes.append(littleEndian: number)
    bytes.append(littleEndian: try fit(text.utf8.count) as UInt16)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append<Owned>(_ name: QualifiedName<Owned>, _ place: Place) throws(DoesNotFit) {
    try append(text: name.engine.text, .engine)
    try append(text: name.name.text, place)
  }

  /// Appends what the closure does, with its length before it in four bytes.
  mutating func appendLong(_ body: (inout [UInt8]) -> Void) throws(DoesNotFit) {
    let start = bytes.count
    bytes.append(littleEndian: UInt32(0))
    body(&bytes)
    let count: UInt32 = try fit(bytes.count - start - 4)
    for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: count >> (index * 8)) }
  }

  // MARK: Fields

  /// Appends how many fields follow; answers with the place of that number, for ``endFields(_:_:)``.
  mutating func beginFields() -> Int {
    bytes.append(0)
    return bytes.count - 1
  }

  mutating func endFields(_ place: Int, _ count: UInt8) { bytes[place] = count }

  /// Appends a field: its key, its length in two bytes, and what the closure writes.
  mutating func append(
    _ key: PackedField, _ count: inout UInt8, _ body: (inout PackedWriter) throws(DoesNotFit) -> Void
  ) throws(DoesNotFit) {
    bytes.append(key.rawValue)
    let start = bytes.count
    bytes.append(littleEndian: UInt16(0))
    try body(&self)
    let length: UInt16 = try fit(bytes.count - start - 2)
    bytes[start] = UInt8(truncatingIfNeeded: length)
    bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
    count += 1
  }

  mutating func append(_ key: PackedField, _ count: inout UInt8, text: String) throws(DoesNotFit) {
    try append(key, &count) { (writer) throws(DoesNotFit) in writer.bytes.append(contentsOf: text.utf8) }
  }

  mutating func append(_ key: PackedField, _ count: inout UInt8, _ object: JSONObject) throws(DoesNotFit) {
    try append(key, &count) { (writer) throws(DoesNotFit) in JSONWriter.append(object, to: &writer.bytes) }
  }
}

/// The forms of packed messages that this library knows.
enum PackedForm {
  /// The one that it writes; JSON begins with no such byte.
  static let current: UInt8 = 1
  /// Bytes before the first entry.
  static let headerByteCount = 16

  /// Whether a frame is a packed message, of whatever form.
  static func begins(_ frame: [UInt8]) -> Bool {
    guard let first = frame.first else { return false }
    // JSON begins with a space or with something visible.
    return first < 9
  }
}

/// What a job's entry has where there is something to say. A reader passes over keys that it does not know.
enum PackedField: UInt8 {
  case queueLock = 1
  case workerLock = 2
  case dueAt = 3
  case priority = 4
  /// The members that few jobs have, as JSON.
  case rare = 5
  case causeEvent = 16
  case causeOffset = 17
  case causeTopic = 18
  case causeSubscription = 19
  case causeJob = 20
  case causeCorrelation = 21
  case causeTrace = 22
  case causeSource = 23
  case causeContext = 24
}
