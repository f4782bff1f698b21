/// What an event carries beside its data.
public struct EventHeaders: Hashable, Sendable {
  /// The service that published it: `account/web-3`. CloudEvents' `source`.
  public var source: String?
  /// The trace it belongs to. CloudEvents' `traceparent`.
  public var trace: TraceContext?
  /// The event or job that brought it about.
  public var causation: Causation?
  /// The chain that it belongs to; nil in the event that begins one.
  public var correlation: CorrelationID?
  /// What travels along from the publisher into the jobs: user, tenant, locale.
  public var context: JSONObject?
  /// The form of the data where it is not JSON.
  public var contentType: String?
  /// Who signed the event, if anybody did.
  public var signature: EventSignature?

  /// The deepest nesting of a context: it becomes part of jobs and answers, which have a bound of their own.
  public static let maximumContextDepth = 16

  /// The most headers of an event, and the most values of a context.
  public static let maximumCount = 64

  /// Whether the data is said to be JSON: without a content type it is.
  package var isJSON: Bool {
    guard let contentType, !contentType.isEmpty else { return true }
    let word = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return word.hasSuffix("/json") || word.hasSuffix("+json")
  }

  /// Headers, none by default.
  public init(
    source: String? = nil, trace: TraceContext? = nil, causation: Causation? = nil,
    correlation: CorrelationID? = nil, context: JSONObject? = nil, contentType: String? = nil
  ) {
    self.source = source
    self.trace = trace
    self.causation = causation
    self.correlation = correlation
    self.context = context
    self.contentType = contentType
  }

  // The keys of the bytes; unknown ones are passed over, so that a newer publisher meets an older reader.
  private enum Key {
    static let source: UInt8 = 1
    static let trace: UInt8 = 2
    static let causation: UInt8 = 3
    static let correlation: UInt8 = 4
    static let context: UInt8 = 5
    static let contentType: UInt8 = 6
    static let signature: UInt8 = 7
  }

  /// Appends the bytes: key, length, value for each header that is there.
  ///
  /// Refuses what no reader would take: a value too long for its length, a context that is nested too deep.
  package func append(to bytes: inout [UInt8]) throws(ProtocolError) {
    if let source { try EventHeaders.append(Key.source, source, to: &bytes) }
    if let trace {
      EventHeaders.append(Key.trace, byteCount: TraceContext.byteCount, to: &bytes)
      trace.append(to: &bytes)
    }
    if let causation {
      EventHeaders.append(Key.causation, byteCount: Causation.byteCount, to: &bytes)
      causation.append(to: &bytes)
    }
    if let correlation {
      EventHeaders.append(Key.correlation, byteCount: 16, to: &bytes)
      correlation.append(to: &bytes)
    }
    if let context {
      guard !context.isDeeper(than: EventHeaders.maximumContextDepth) else { throw EventHeaders.tooDeep }
      guard context.members.count <= EventHeaders.maximumCount else {
        throw EventHeaders.tooMany("values in its context", context.members.count)
      }
      try EventHeaders.append(Key.context, JSONValue.object(context).bytes, to: &bytes)
    }
    if let contentType { try EventHeaders.append(Key.contentType, contentType, to: &bytes) }
    // The last: it signs what stands before it.
    if let signature { try EventHeaders.append(Key.signature, signature.value, to: &bytes) }
  }

  private static func append(_ key: UInt8, _ text: String, to bytes: inout [UInt8]) throws(ProtocolError) {
    append(key, byteCount: try fit(text.utf8.count), to: &bytes)
    bytes.append(text: text)
  }

  private static func append(_ key: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) throws(ProtocolError) {
    append(key, byteCount: try fit(value.count), to: &bytes)
    bytes.append(contentsOf: value)
  }

  private static func fit(_ byteCount: Int) throws(ProtocolError) -> UInt16 {
    guard let byteCount = UInt16(exactly: byteCount) else {
      throw ProtocolError(
        .tooLarge,
        "an event's header has \(byteCount) bytes, all together may have \(RecordHeader.maximumHeadersByteCount): "
          + "carry less context")
    }
    return byteCount
  }

  private static func append(_ key: UInt8, byteCount: UInt16, to bytes: inout [UInt8]) {
    bytes.append(key)
    bytes.append(UInt8(byteCount & 0xFF))
    bytes.append(UInt8(byteCount >> 8))
  }

  /// Reads the bytes; refuses what is cut short or not of its key's form. Of equal keys the last one counts.
  package init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    var rest = Rest(bytes: bytes)
    while let (key, value) = try rest.next() { try read(key, value) }
  }

  /// Checks the bytes as strictly as reading them does, without building texts that nobody looks at.
  package static func check(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    var rest = Rest(bytes: bytes)
    while let (key, value) = try rest.next() {
      switch key {
      case Key.source, Key.contentType: try checkText(value)
      default:
        var headers = EventHeaders()
        try headers.read(key, value)
      }
    }
  }

  /// Whether a signature is among headers that were checked before.
  package static func hasSignature(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = Rest(bytes: bytes)
    // Checked, they do not throw.
    while let header = try? rest.next() { if header.key == Key.signature { return true } }
    return false
  }

  /// The headers that were not looked at yet.
  private struct Rest {
    var bytes: ArraySlice<UInt8>
    private var count = 0
    private var isSigned = false

    init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func next() throws(ProtocolError) -> (key: UInt8, value: ArraySlice<UInt8>)? {
      guard let key = bytes.first else { return nil }
      guard !isSigned else { throw EventHeaders.unsigned }
      isSigned = key == Key.signature
      count += 1
      guard count <= EventHeaders.maximumCount else { throw EventHeaders.tooMany("headers", count) }
      let start = bytes.startIndex + 3
      guard start <= bytes.endIndex else { throw EventHeaders.cutShort }
      let end = start + (Int(bytes[start - 2]) | Int(bytes[start - 1]) << 8)
      guard end <= bytes.endIndex else { throw EventHeaders.cutShort }
      let value = bytes[start..<end]
      bytes = bytes[end...]
      return (key, value)
    }
  }

  private mutating func read(_ key: UInt8, _ value: ArraySlice<UInt8>) throws(ProtocolError) {
    switch key {
    case Key.source: source = try EventHeaders.text(value)
    case Key.trace: trace = try TraceContext(value)
    case Key.causation: causation = try Causation(value)
    case Key.correlation: correlation = try CorrelationID(value)
    case Key.context:
      let json = try JSONParser.parse(value, maximumDepth: EventHeaders.maximumContextDepth)
      guard case .object(let object) = json else {
        throw ProtocolError(.badRecord, "an event's context is no JSON object")
      }
      context = object
    case Key.contentType: contentType = try EventHeaders.text(value)
    case Key.signature: signature = try EventSignature(value)
    default: break
    }
  }

  private static func text(_ value: ArraySlice<UInt8>) throws(ProtocolError) -> String {
    guard let text = String(validating: value, as: UTF8.self) else { throw notText }
    return text
  }

  private static func checkText(_ value: ArraySlice<UInt8>) throws(ProtocolError) {
    if value.allSatisfy({ $0 < 0x80 }) { return }
    _ = try text(value)
  }

  private static var notText: ProtocolError { ProtocolError(.badRecord, "an event's header is not UTF-8") }

  private static var unsigned: ProtocolError {
    ProtocolError(.badRecord, "a header stands behind the event's signature, which does not cover it")
  }

  private static var cutShort: ProtocolError { ProtocolError(.badRecord, "an event's headers are cut short") }

  private static func tooMany(_ what: String, _ count: Int) -> ProtocolError {
    ProtocolError(.tooLarge, "an event has \(count) \(what) or more, the limit is \(maximumCount): carry ids")
  }

  static var tooDeep: ProtocolError {
    ProtocolError(.tooLarge, "the context has more than \(maximumContextDepth) levels of nesting: carry ids")
  }
}
