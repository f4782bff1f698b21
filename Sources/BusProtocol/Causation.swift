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
      throw ProtocolError(.badName, "\(ProtocolError.quoted(text)) is no cause: expected event:ID or job:ID")
    }
  }

  /// In a record: one byte for the kind (1 event, 2 job) and the id.
  static let byteCount: UInt16 = 17

  func append(to bytes: inout [UInt8]) {
    switch self {
    case .event(let id):
      bytes.append(1)
      id.append(to: &bytes)
    case .job(let id):
      bytes.append(2)
      id.append(to: &bytes)
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
