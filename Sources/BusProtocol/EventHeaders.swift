/// What an event carries beside its data.
public struct EventHeaders: Hashable, Sendable {
  /// The service that published it: `account/web-3`. CloudEvents' `source`.
  public var source: String?
  /// The trace it belongs to. CloudEvents' `traceparent`.
  public var trace: TraceContext?
  /// The event or job that brought it about.
  public var causation: Causation?
  /// The chain that it belongs to, begun by an event without a cause.
  public var correlation: CorrelationID?
  /// What travels along from the publisher into the jobs: user, tenant, locale.
  public var context: JSONObject?
  /// The form of the data where it is not JSON.
  public var contentType: String?

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
  }

  /// Appends the bytes: key, length, value for each header that is there.
  package func append(to bytes: inout [UInt8]) {
    if let source { EventHeaders.append(Key.source, source.utf8, to: &bytes) }
    if let trace { EventHeaders.append(Key.trace, trace.bytes, to: &bytes) }
    if let causation { EventHeaders.append(Key.causation, causation.bytes, to: &bytes) }
    if let correlation { EventHeaders.append(Key.correlation, correlation.bytes, to: &bytes) }
    if let context { EventHeaders.append(Key.context, JSONValue.object(context).bytes, to: &bytes) }
    if let contentType { EventHeaders.append(Key.contentType, contentType.utf8, to: &bytes) }
  }

  /// A value too long for its length is left out: publishers refuse such headers before they come here.
  private static func append(_ key: UInt8, _ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
    guard let count = UInt16(exactly: value.count) else { return }
    bytes.append(key)
    bytes.append(UInt8(count & 0xFF))
    bytes.append(UInt8(count >> 8))
    bytes.append(contentsOf: value)
  }

  /// Reads the bytes; refuses what is cut short or not of its key's form.
  package init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    var rest = bytes
    while let key = rest.popFirst() {
      guard let low = rest.popFirst(), let high = rest.popFirst() else { throw EventHeaders.cutShort }
      let count = Int(low) | Int(high) << 8
      guard rest.count >= count else { throw EventHeaders.cutShort }
      try read(key, rest.prefix(count))
      rest = rest.dropFirst(count)
    }
  }

  private mutating func read(_ key: UInt8, _ value: ArraySlice<UInt8>) throws(ProtocolError) {
    switch key {
    case Key.source: source = try EventHeaders.text(value)
    case Key.trace: trace = try TraceContext(value)
    case Key.causation: causation = try Causation(value)
    case Key.correlation: correlation = try CorrelationID(value)
    case Key.context:
      guard case .object(let object) = try JSONParser.parse(value) else {
        throw ProtocolError(.badRecord, "an event's context is no JSON object")
      }
      context = object
    case Key.contentType: contentType = try EventHeaders.text(value)
    default: break
    }
  }

  private static func text(_ value: ArraySlice<UInt8>) throws(ProtocolError) -> String {
    guard let text = String(validating: value, as: UTF8.self) else {
      throw ProtocolError(.badRecord, "an event's header is not UTF-8")
    }
    return text
  }

  private static var cutShort: ProtocolError { ProtocolError(.badRecord, "an event's headers are cut short") }
}

/// What brought an event or a job about.
public enum Causation: Hashable, Sendable {
  /// An event did, through a subscription.
  case event(EventID)
  /// A job did, while it ran.
  case job(JobID)

  /// `event:01J…` or `job:01J…`.
  public var text: String {
    switch self {
    case .event(let id): "event:\(id)"
    case .job(let id): "job:\(id)"
    }
  }

  /// Parses ``text``.
  public init(_ text: String) throws(ProtocolError) {
    if text.hasPrefix("event:") {
      self = .event(try EventID(String(text.dropFirst(6))))
    } else if text.hasPrefix("job:") {
      self = .job(try JobID(String(text.dropFirst(4))))
    } else {
      throw ProtocolError(.badName, "\"\(text.prefix(40))\" is no cause: expected event:ID or job:ID")
    }
  }

  /// One byte for the kind (1 event, 2 job) and the id.
  var bytes: [UInt8] {
    switch self {
    case .event(let id): [1] + id.bytes
    case .job(let id): [2] + id.bytes
    }
  }

  init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    switch bytes.first {
    case 1: self = .event(try EventID(bytes.dropFirst()))
    case 2: self = .job(try JobID(bytes.dropFirst()))
    default: throw ProtocolError(.badRecord, "an event's cause is of an unknown kind")
    }
  }
}

extension Identifier {
  /// The sixteen bytes in order.
  package var bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
  }

  /// Exactly sixteen bytes.
  package init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    guard bytes.count == 16 else { throw ProtocolError(.badRecord, "an id has \(bytes.count) bytes, not 16") }
    let halves = bytes.reduce(into: (high: UInt64(0), low: UInt64(0))) { halves, byte in
      halves = (halves.high << 8 | halves.low >> 56, halves.low << 8 | UInt64(byte))
    }
    self.init(high: halves.high, low: halves.low)
  }
}
