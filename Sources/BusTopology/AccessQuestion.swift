public import BusProtocol

/// Whether a principal may do something: what `bus auth check` asks, of files or of busd.
public struct AccessQuestion: Sendable, Equatable {
  /// Who.
  public var principal: Name
  /// What.
  public var right: Right
  /// On what: a name, or a pattern of names.
  public var name: RightPattern

  /// Reads words; the error says which one is none.
  public init(principal: String, right: String, name: String) throws(ProtocolError) {
    self.principal = try Name(principal, of: "principal")
    guard let right = Right(rawValue: right) else {
      let known = Right.allCases.map(\.rawValue).joined(separator: ", ")
      throw ProtocolError(.badName, "\(ProtocolError.quoted(right)) is no right: expected \(known)")
    }
    guard let name = RightPattern(name) else {
      throw ProtocolError(.badName, "\(ProtocolError.quoted(name)) is the name of no \(right.object)")
    }
    self.right = right
    self.name = name
  }

  /// Reads parameters that came over the wire.
  package init(_ members: JSONMembers) throws(ProtocolError) {
    try self.init(
      principal: try members.string("principal"), right: try members.string("right"),
      name: try members.string("name"))
  }

  /// The question as parameters on the wire.
  public var json: JSONObject {
    ["principal": .string(principal.text), "right": .string(right.rawValue), "name": .string(name.text)]
  }

  /// The question with its answer.
  public func answer(_ permissions: Permissions) -> JSONValue {
    var object = json
    switch permissions.decide(principal, right, name.text) {
    case .allowed(let rule):
      object["allowed"] = true
      object["reason"] = .string(rule)
      if right == .publish, let rule = permissions.signing.rule(for: name.text) {
        object["signed"] = .string("access.signed: \(rule)")
      }
    case .denied(let reason, let help):
      object["allowed"] = false
      object["reason"] = .string(reason)
      object["help"] = .string(help)
    }
    return .object(object)
  }
}
