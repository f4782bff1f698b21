public import BusProtocol

/// Turns a `Codable` value into a `JSONValue`: how a worker's inputs and a typed event's data are written.
///
/// Whole numbers stay whole, all 64 bits of them. Absent optionals are left out.
///
/// ```swift
/// try JSONValueEncoder().encode(IndexUser(userID: 42))      // {"userID":42}
/// ```
public struct JSONValueEncoder: Sendable {
  /// Makes an encoder; it keeps nothing between two values.
  public init() {}

  /// Encodes a value; refuses a number that JSON cannot write, naming its path.
  public func encode(_ value: some Encodable) throws(ProtocolError) -> JSONValue {
    do {
      let encoder = ValueEncoder(slot: EncodedSlot(), path: nil)
      try encoder.encode(value)
      return encoder.slot.value
    } catch let error as ProtocolError {
      throw error
    } catch {
      throw ProtocolError(.badJSON, "\(type(of: value)) cannot be written as JSON: \(CodingProblem(error).text)")
    }
  }

  /// Encodes a value whose members have names: what inputs and events must be.
  public func encodeObject(_ value: some Encodable) throws(ProtocolError) -> JSONObject {
    switch try encode(value) {
    case .object(let object): return object
    case .null: return [:]
    case let other:
      throw ProtocolError(
        .badJSON, "\(type(of: value)) is written as \(other.text.prefix(40)), not as an object: use named properties")
    }
  }
}

/// Where one value is written. A class: a container that was handed out goes on writing into it.
private final class EncodedSlot {
  private enum Content {
    case none
    case single(JSONValue)
    case list([EncodedSlot])
    case members([(key: String, slot: EncodedSlot)])
  }

  private var content = Content.none

  init() {}
  init(_ value: JSONValue) { content = .single(value) }

  var count: Int {
    if case .list(let slots) = content { slots.count } else { 0 }
  }

  func set(_ value: JSONValue) { content = .single(value) }

  func becomeList() { if case .list = content {} else { content = .list([]) } }
  func becomeObject() { if case .members = content {} else { content = .members([]) } }

  func append(_ slot: EncodedSlot) {
    guard case .list(var slots) = content else { return }
    content = .none
    slots.append(slot)
    content = .list(slots)
  }

  func append(_ key: String, _ slot: EncodedSlot) {
    guard case .members(var members) = content else { return }
    content = .none
    members.append((key, slot))
    content = .members(members)
  }

  var value: JSONValue {
    switch content {
    // A type that encodes nothing, such as an empty struct, has no members.
    case .none: .object([:])
    case .single(let value): value
    case .list(let slots): .array(slots.map(\.value))
    case .members(let members): .object(JSONObject(members.map { JSONObject.Member($0.key, $0.slot.value) }))
    }
  }
}

private struct ValueEncoder: Encoder {
  let slot: EncodedSlot
  let path: CodingPathNode?

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    slot.becomeObject()
    return KeyedEncodingContainer(KeyedContainer<Key>(slot: slot, path: path))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.becomeList()
    return UnkeyedContainer(slot: slot, path: path)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleContainer(encoder: self) }

  func encode(_ value: some Encodable) throws {
    switch value {
    case let value as JSONValue: slot.set(value)
    case let value as JSONObject: slot.set(.object(value))
    default: try value.encode(to: self)
    }
  }

  /// JSON has no word for infinity or for what is not a number; null would come back as another value.
  func number(_ value: Double) throws -> JSONValue {
    guard value.isFinite else {
      throw EncodingError.invalidValue(
        value, EncodingError.Context(codingPath: codingPath, debugDescription: "\(value) is no number of JSON"))
    }
    return .double(value)
  }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: EncodedSlot
  let path: CodingPathNode?

  var codingPath: [any CodingKey] { path?.keys ?? [] }

  private func put(_ value: JSONValue, _ key: Key) { slot.append(key.stringValue, EncodedSlot(value)) }

  private func member(_ key: any CodingKey) -> ValueEncoder {
    let member = EncodedSlot()
    slot.append(key.stringValue, member)
    return ValueEncoder(slot: member, path: CodingPathNode(path, key))
  }

  func encodeNil(forKey key: Key) { put(.null, key) }
  func encode(_ value: Bool, forKey key: Key) { put(.bool(value), key) }
  func encode(_ value: String, forKey key: Key) { put(.string(value), key) }
  func encode(_ value: Double, forKey key: Key) throws {
    put(try ValueEncoder(slot: slot, path: CodingPathNode(path, key)).number(value), key)
  }
  func encode(_ value: Float, forKey key: Key) throws { try encode(Double(value), forKey: key) }
  func encode(_ value: Int, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: Int8, forKey key: Key) { put(Int(value).jsonValue, key) }
  func encode(_ value: Int16, forKey key: Key) { put(Int(value).jsonValue, key) }
  func encode(_ value: Int32, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: Int64, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: UInt, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: UInt8, forKey key: Key) { put(Int(value).jsonValue, key) }
  func encode(_ value: UInt16, forKey key: Key) { put(Int(value).jsonValue, key) }
  func encode(_ value: UInt32, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: UInt64, forKey key: Key) { put(value.jsonValue, key) }
  func encode(_ value: some Encodable, forKey key: Key) throws { try member(key).encode(value) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { member(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { member(key).unkeyedContainer() }
  func superEncoder() -> any Encoder { member(CodingPathKey(stringValue: "super")) }
  func superEncoder(forKey key: Key) -> any Encoder { member(key) }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
  let slot: EncodedSlot
  let path: CodingPathNode?

  var codingPath: [any CodingKey] { path?.keys ?? [] }
  var count: Int { slot.count }

  private func element() -> ValueEncoder {
    let element = EncodedSlot()
    let key = CodingPathKey(intValue: count)
    slot.append(element)
    return ValueEncoder(slot: element, path: CodingPathNode(path, key))
  }

  func encodeNil() { slot.append(EncodedSlot(.null)) }
  func encode(_ value: String) { slot.append(EncodedSlot(.string(value))) }
  func encode(_ value: Int) { slot.append(EncodedSlot(value.jsonValue)) }
  func encode(_ value: some Encodable) throws { try element().encode(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    element().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { element().unkeyedContainer() }
  func superEncoder() -> any Encoder { element() }
}

private struct SingleContainer: SingleValueEncodingContainer {
  let encoder: ValueEncoder

  var codingPath: [any CodingKey] { encoder.codingPath }

  func encodeNil() { encoder.slot.set(.null) }
  func encode(_ value: Bool) { encoder.slot.set(.bool(value)) }
  func encode(_ value: String) { encoder.slot.set(.string(value)) }
  func encode(_ value: Double) throws { encoder.slot.set(try encoder.number(value)) }
  func encode(_ value: Float) throws { try encode(Double(value)) }
  func encode(_ value: Int) { encoder.slot.set(value.jsonValue) }
  func encode(_ value: Int8) { encode(Int(value)) }
  func encode(_ value: Int16) { encode(Int(value)) }
  func encode(_ value: Int32) { encode(Int(value)) }
  func encode(_ value: Int64) { encoder.slot.set(value.jsonValue) }
  func encode(_ value: UInt) { encoder.slot.set(value.jsonValue) }
  func encode(_ value: UInt8) { encode(Int(value)) }
  func encode(_ value: UInt16) { encode(Int(value)) }
  func encode(_ value: UInt32) { encoder.slot.set(value.jsonValue) }
  func encode(_ value: UInt64) { encoder.slot.set(value.jsonValue) }
  func encode(_ value: some Encodable) throws { try encoder.encode(value) }
}
