/// The frames of a message: verb (ASCII), a JSON object, and for some verbs bytes.
struct WireMessage {
  /// Data, inputs and contexts are bounded by themselves; a message has a few levels around them.
  static let maximumDepth = JSONParser.maximumDepth + 8

  let verb: String
  let members: JSONMembers
  let bytes: [UInt8]?

  init(frames: [[UInt8]]) throws(ProtocolError) {
    guard (1...3).contains(frames.count) else {
      throw ProtocolError(
        .badMessage, "a message has \(frames.count) frames: expected verb, JSON, and at most one of bytes")
    }
    verb = try WireMessage.verb(frames[0])
    if frames.count > 1, !frames[1].isEmpty {
      members = try JSONParser.parse(frames[1][...], maximumDepth: WireMessage.maximumDepth).members(verb)
    } else {
      members = JSONMembers([:], of: verb)
    }
    bytes = frames.count > 2 ? frames[2] : nil
  }

  private static func verb(_ frame: [UInt8]) throws(ProtocolError) -> String {
    guard frame.count <= 20, let verb = String(validating: frame, as: UTF8.self) else {
      throw ProtocolError(.unknownVerb, "the first frame is no verb")
    }
    return verb
  }

  /// The verb of a packed message; nil for all others.
  static func packedVerb(_ frames: [[UInt8]]) throws(ProtocolError) -> String? {
    guard frames.count == 2, PackedForm.begins(frames[1]) else { return nil }
    return try verb(frames[0])
  }

  func requireBytes() throws(ProtocolError) -> [UInt8] {
    guard let bytes else { throw ProtocolError(.badMessage, "\(verb) lacks its third frame") }
    return bytes
  }

  func refuseBytes() throws(ProtocolError) {
    guard bytes == nil else { throw ProtocolError(.badMessage, "\(verb) has a third frame, which it does not know") }
  }

  static func frames(_ verb: String, _ object: JSONObject, _ bytes: [UInt8]?) -> [[UInt8]] {
    let head = [Array(verb.utf8), JSONValue.object(object).bytes]
    guard let bytes else { return head }
    return head + [bytes]
  }
}
