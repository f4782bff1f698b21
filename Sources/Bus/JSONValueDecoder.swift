public import BusProtocol

/// Turns a `JSONValue` back into a `Codable` value: how a worker gets its inputs.
///
/// Strict about types (42 is not "42", 1.5 is no whole number, 300 is no `UInt8`), lenient about members: those
/// that the type does not know are passed over. Each refusal names the path.
public struct JSONValueDecoder: Sendable {
  /// Makes a decoder; it keeps nothing between two values.
  public init() {}

  /// Decodes a value of the type; `what` says in errors what the value is.
  public func decode<T: Decodable>(
    _ type: T.Type = T.self, from value: JSONValue, of what: String? = nil
  ) throws(ProtocolError) -> T {
    do {
      return try ValueDecoder(value: value, path: nil).decode(type)
    } catch let error as ProtocolError {
      throw error
    } catch {
      throw ProtocolError(.badJSON, "\(what ?? "\(type)") cannot be read: \(CodingProblem(error).text)")
    }
  }
}

private struct ValueDecoder: Decoder {
  let value: JSONValue
  let path: CodingPathNode?

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let object) = value else { throw mismatch("an object") }
    return KeyedDecodingContainer(KeyedContainer<Key>(members: MemberIndex(object), path: path))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let values) = value else { throw mismatch("a list") }
    return UnkeyedContainer(values: values, path: path)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleContainer(decoder: self) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if type == JSONValue.self, let value = value as? T { return value }
    if type == JSONObject.self {
      guard case .object(let object) = value, let object = object as? T else { throw mismatch("an object") }
      return object
    }
    return try T(from: self)
  }

  func bool() throws -> Bool {
    guard case .bool(let value) = value else { throw mismatch("true or false") }
    return value
  }

  func string() throws -> String {
    guard case .string(let value) = value else { throw mismatch("text") }
    return value
  }

  func double() throws -> Double {
    guard let value = Double(jsonValue: value) else { throw mismatch("a number") }
    return value
  }

  func integer<T: FixedWidthInteger>() throws -> T {
    let exact: T? =
      switch value {
      case .integer(let value): T(exactly: value)
      case .unsigned(let value): T(exactly: value)
      default: nil
      }
    guard let exact else { throw mismatch("a whole number from \(T.min) to \(T.max)") }
    return exact
  }

  private func mismatch(_ expected: String) -> DecodingError {
    .dataCorrupted(
      DecodingError.Context(
        codingPath: codingPath, debugDescription: "expected \(expected), found \(value.text.prefix(40))"))
  }
}

/// Finds members by name: by looking through a few, by a dictionary among many.
private struct MemberIndex {
  let object: JSONObject
  private let byKey: [String: JSONValue]?

  init(_ object: JSONObject) {
    self.object = object
    byKey =
      object.members.count > 16
      ? Dictionary(object.members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }) : nil
  }

  subscript(key: String) -> JSONValue? { byKey.map { $0[key] } ?? object[key] }
}

private struct KeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: MemberIndex
  let path: CodingPathNode?

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var allKeys: [Key] { members.object.members.compactMap { Key(stringValue: $0.key) } }

  private func member(_ key: any CodingKey) throws -> ValueDecoder {
    guard let value = members[key.stringValue] else {
      throw DecodingError.keyNotFound(key, DecodingError.Context(codingPath: codingPath, debugDescription: "missing"))
    }
    return ValueDecoder(value: value, path: CodingPathNode(path, key))
  }

  func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try member(key).value == .null }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).bool() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).string() }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try member(key).double() }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try member(key).double()) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try member(key).integer() }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try member(key).integer() }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try member(key).integer() }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try member(key).integer() }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try member(key).integer() }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try member(key).integer() }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try member(key).integer() }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try member(key).integer() }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try member(key).integer() }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try member(key).integer() }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try member(key).decode(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try member(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try member(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { try member(CodingPathKey(stringValue: "super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

private struct UnkeyedContainer: UnkeyedDecodingContainer {
  let values: [JSONValue]
  let path: CodingPathNode?
  var currentIndex = 0

  init(values: [JSONValue], path: CodingPathNode?) {
    self.values = values
    self.path = path
  }

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  /// The element here; the caller goes on behind it only when it could be read.
  private func element() throws -> ValueDecoder {
    let place = CodingPathNode(path, CodingPathKey(intValue: currentIndex))
    guard !isAtEnd else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: place.keys, debugDescription: "the list has only \(values.count) elements"))
    }
    return ValueDecoder(value: values[currentIndex], path: place)
  }

  mutating func decodeNil() throws -> Bool {
    guard try element().value == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let value = try element().decode(type)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    let container = try element().container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try element().unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try element()
    currentIndex += 1
    return decoder
  }
}

private struct SingleContainer: SingleValueDecodingContainer {
  let decoder: ValueDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.value == .null }
  func decode(_ type: Bool.Type) throws -> Bool { try decoder.bool() }
  func decode(_ type: String.Type) throws -> String { try decoder.string() }
  func decode(_ type: Double.Type) throws -> Double { try decoder.double() }
  func decode(_ type: Float.Type) throws -> Float { Float(try decoder.double()) }
  func decode(_ type: Int.Type) throws -> Int { try decoder.integer() }
  func decode(_ type: Int8.Type) throws -> Int8 { try decoder.integer() }
  func decode(_ type: Int16.Type) throws -> Int16 { try decoder.integer() }
  func decode(_ type: Int32.Type) throws -> Int32 { try decoder.integer() }
  func decode(_ type: Int64.Type) throws -> Int64 { try decoder.integer() }
  func decode(_ type: UInt.Type) throws -> UInt { try decoder.integer() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.integer() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.integer() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.integer() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer() }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decode(type) }
}
