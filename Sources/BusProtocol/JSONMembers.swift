/// Reads members of an object by name and type; each refusal names the member and what was expected.
public struct JSONMembers: Sendable {
  /// The object that is read.
  public let object: JSONObject
  private let what: String

  /// Reads an object; `what` says in errors what it is.
  public init(_ object: JSONObject, of what: String) {
    self.object = object
    self.what = what
  }

  /// The member, nil when it is absent or null: to say null is to say nothing.
  public func optionalValue(_ key: String) -> JSONValue? {
    guard let value = object[key] else { return nil }
    if case .null = value { return nil }
    return value
  }

  /// The member, refused when it is absent or null.
  public func value(_ key: String) throws(ProtocolError) -> JSONValue {
    guard let value = optionalValue(key) else { throw ProtocolError(.badJSON, "\(what) lacks \"\(key)\"") }
    return value
  }

  /// A member of a type that JSON holds.
  public func read<T: JSONConvertible>(_ key: String, as type: T.Type = T.self) throws(ProtocolError) -> T {
    try convert(try value(key), of: key)
  }

  /// A member that may be absent or null.
  public func optional<T: JSONConvertible>(_ key: String, as type: T.Type = T.self) throws(ProtocolError) -> T? {
    guard let found = optionalValue(key) else { return nil }
    return try convert(found, of: key)
  }

  private func convert<T: JSONConvertible>(_ found: JSONValue, of key: String) throws(ProtocolError) -> T {
    guard let value = T(jsonValue: found) else {
      throw ProtocolError(
        .badJSON, "\(what) has \"\(key)\": \(Self.excerpt(found)), expected \(Self.expectation(of: T.self))")
    }
    return value
  }

  /// Text.
  public func string(_ key: String) throws(ProtocolError) -> String { try read(key) }

  /// A whole number.
  public func integer(_ key: String) throws(ProtocolError) -> Int64 { try read(key) }

  /// A name.
  public func name(_ key: String) throws(ProtocolError) -> Name { try Name(try string(key), of: "\(what).\(key)") }

  /// A name that may be absent or null.
  package func optionalName(_ key: String) throws(ProtocolError) -> Name? {
    optionalValue(key) == nil ? nil : try name(key)
  }

  /// An offset or a token: stores keep them in 64 bits with a sign.
  package func number(_ key: String) throws(ProtocolError) -> UInt64 {
    let number: UInt64 = try read(key)
    guard number <= Offset.maximum.rawValue else {
      throw ProtocolError(.badJSON, "\(what) has \"\(key)\": \(number), the largest is \(Offset.maximum.rawValue)")
    }
    return number
  }

  /// A place in the spool.
  package func offset(_ key: String) throws(ProtocolError) -> Offset { Offset(try number(key)) }

  /// What travels along, where there is some.
  func context(_ key: String) throws(ProtocolError) -> JSONObject? {
    guard let context = try optionalObject(key) else { return nil }
    guard !context.isDeeper(than: EventHeaders.maximumContextDepth) else { throw EventHeaders.tooDeep }
    return context
  }

  /// An object that may be absent or null.
  public func optionalObject(_ key: String) throws(ProtocolError) -> JSONObject? {
    optionalValue(key) == nil ? nil : try object(key)
  }

  /// An object.
  public func object(_ key: String) throws(ProtocolError) -> JSONObject {
    guard case .object(let object) = try value(key) else {
      throw ProtocolError(.badJSON, "\(what) has a \"\(key)\" that is no object")
    }
    return object
  }

  /// A list, each element read by the closure; absent is empty.
  public func list<T>(
    _ key: String, _ read: (JSONValue) throws(ProtocolError) -> T
  ) throws(ProtocolError) -> [T] {
    switch object[key] {
    case nil, .null: return []
    case .array(let values):
      var list: [T] = []
      list.reserveCapacity(values.count)
      for value in values { list.append(try read(value)) }
      return list
    default: throw ProtocolError(.badJSON, "\(what) has a \"\(key)\" that is no list")
    }
  }

  private static func excerpt(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): ProtocolError.quoted(text)
    case .array: "a list"
    case .object: "an object"
    default: value.text
    }
  }

  private static func expectation<T>(of type: T.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is Double.Type: "a number"
    case is any FixedWidthInteger.Type: "a whole number within range"
    default: "\(type)"
    }
  }
}

extension JSONValue {
  /// The members of an object; `what` says in errors what it is.
  public func members(_ what: String) throws(ProtocolError) -> JSONMembers {
    guard case .object(let object) = self else { throw ProtocolError(.badJSON, "\(what) is no object") }
    return JSONMembers(object, of: what)
  }
}

extension JSONObject {
  /// Sets members that are there, leaves out those that are nil: nothing is written as null.
  package mutating func set(_ key: String, _ value: (some JSONConvertible)?) {
    if let value { members.append(Member(key, value.jsonValue)) }
  }
}
