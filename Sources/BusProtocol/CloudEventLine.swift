/// A CloudEvent as `bus spool export` and `bus tail --json` write it, read again.
package enum CloudEventLine {
  /// What is published of it: topic, id, where it came from, and the data's bytes.
  package static func read(_ line: [UInt8]) throws(ProtocolError) -> (Publication, [UInt8]) {
    let members = try JSONParser.parse(line).members("the event")
    var headers = EventHeaders()
    let source: String? = try members.optional("source")
    // An event without a source is shown with the root: no text of CloudEvents may be empty.
    if let source, !["", "/"].contains(source) { headers.source = source }
    if let text: String = try members.optional("traceparent") { headers.trace = try TraceContext(text) }
    if let text: String = try members.optional("causationid") { headers.causation = try Causation(text) }
    if let text: String = try members.optional("correlationid") { headers.correlation = try CorrelationID(text) }
    if let text: String = try members.optional("context") {
      guard case .object(let context) = try JSONParser.parse(Array(text.utf8)) else {
        throw ProtocolError(.badJSON, "the event's context is no JSON object in a text")
      }
      headers.context = context
    }
    let type: String? = try members.optional("datacontenttype")
    if let type, !["", "application/json"].contains(type) { headers.contentType = type }
    let publication = Publication(
      topic: try Topic(try members.string("type")), id: try EventID(try members.string("id")), headers: headers)
    return (publication, try data(members))
  }

  private static func data(_ members: JSONMembers) throws(ProtocolError) -> [UInt8] {
    guard let text: String = try members.optional("data_base64") else { return try members.value("data").bytes }
    guard let bytes = Base64.bytes(of: text) else {
      throw ProtocolError(.badJSON, "the event's data_base64 is not base 64")
    }
    return bytes
  }
}
