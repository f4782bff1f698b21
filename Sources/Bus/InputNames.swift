internal import BusProtocol

/// The names of a worker's inputs, as its decoder asks for them: for descriptions, without a job at hand.
///
/// The type is read from a decoder that has something harmless for each name. A type that refuses what it gets (an enum
/// without a zero) ends the list there; its `CaseIterable` first case is tried before.
enum InputNames {
  static func of<T: Decodable>(_ type: T.Type) -> [String] {
    let probe = Probe()
    // Whatever it throws, it has asked for names until then.
    _ = try? T(from: probe)
    return probe.record.names
  }
}

private final class Record {
  var names: [String] = []
}

private struct Probe: Decoder {
  var record = Record()
  var isNested = false

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Members<Key>(record: isNested ? Record() : record))
  }
  func unkeyedContainer() -> any UnkeyedDecodingContainer { NoElements() }
  func singleValueContainer() -> any SingleValueDecodingContainer { Single() }

  static func value<T: Decodable>(_ type: T.Type) throws -> T {
    if let cases = type as? any CaseIterable.Type, let first = first(of: cases) as? T { return first }
    switch type {
    case is JSONValue.Type: if let null = JSONValue.null as? T { return null }
    case is JSONObject.Type: if let empty = JSONObject() as? T { return empty }
    default: break
    }
    return try T(from: Probe(isNested: true))
  }

  private static func first(of cases: any CaseIterable.Type) -> Any? {
    func first<C: CaseIterable>(_ type: C.Type) -> Any? { type.allCases.first }
    return first(cases)
  }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let record: Record
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { [] }

  private func note(_ key: Key) {
    if !record.names.contains(key.stringValue) { record.names.append(key.stringValue) }
  }

  func contains(_ key: Key) -> Bool {
    note(key)
    return false
  }
  func decodeNil(forKey key: Key) -> Bool {
    note(key)
    return true
  }
  func decode(_ type: Bool.Type, forKey key: Key) -> Bool {
    note(key)
    return false
  }
  func decode(_ type: String.Type, forKey key: Key) -> String {
    note(key)
    return ""
  }
  func decode(_ type: Int.Type, forKey key: Key) -> Int {
    note(key)
    return 0
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    note(key)
    return try Probe.value(type)
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedDecodingContainer<Nested> {
    note(key)
    return KeyedDecodingContainer(Members<Nested>(record: Record()))
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
    note(key)
    return NoElements()
  }
  func superDecoder() -> any Decoder { Probe(isNested: true) }
  func superDecoder(forKey key: Key) -> any Decoder { superDecoder() }
}

private struct NoElements: UnkeyedDecodingContainer {
  var codingPath: [any CodingKey] { [] }
  var count: Int? { 0 }
  var isAtEnd: Bool { true }
  var currentIndex: Int { 0 }

  mutating func decodeNil() -> Bool { true }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try Probe.value(type) }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(Members<Nested>(record: Record()))
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { NoElements() }
  mutating func superDecoder() -> any Decoder { Probe(isNested: true) }
}

private struct Single: SingleValueDecodingContainer {
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { true }
  func decode(_ type: Bool.Type) -> Bool { false }
  func decode(_ type: String.Type) -> String { "" }
  func decode(_ type: Double.Type) -> Double { 0 }
  func decode(_ type: Float.Type) -> Float { 0 }
  func decode(_ type: Int.Type) -> Int { 0 }
  func decode(_ type: Int8.Type) -> Int8 { 0 }
  func decode(_ type: Int16.Type) -> Int16 { 0 }
  func decode(_ type: Int32.Type) -> Int32 { 0 }
  func decode(_ type: Int64.Type) -> Int64 { 0 }
  func decode(_ type: UInt.Type) -> UInt { 0 }
  func decode(_ type: UInt8.Type) -> UInt8 { 0 }
  func decode(_ type: UInt16.Type) -> UInt16 { 0 }
  func decode(_ type: UInt32.Type) -> UInt32 { 0 }
  func decode(_ type: UInt64.Type) -> UInt64 { 0 }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try Probe.value(type) }
}
