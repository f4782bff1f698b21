/// A value of JSON (RFC 8259) in which whole numbers stay whole: no 64-bit integer passes through a double.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number that Int64 holds.
  case integer(Int64)
  /// A whole number above Int64's, up to UInt64's.
  case unsigned(UInt64)
  /// Any other number; never infinite or NaN.
  case double(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members in their order.
  case object(JSONObject)

  /// The member of an object, nil for none and for what is no object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// Compact JSON text, members in their order.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Compact JSON text as UTF-8.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    JSONWriter.append(self, to: &bytes)
    return bytes
  }
}

extension JSONValue {
  /// Whether there are more levels of arrays and objects than this; never looks deeper.
  package func isDeeper(than levels: Int) -> Bool {
    switch self {
    case .array(let values): levels < 1 || values.contains { $0.isDeeper(than: levels - 1) }
    case .object(let object): object.isDeeper(than: levels)
    case .null, .bool, .integer, .unsigned, .double, .string: false
    }
  }
}

extension JSONObject {
  /// Whether there are more levels of arrays and objects than this, its own included; never looks deeper.
  package func isDeeper(than levels: Int) -> Bool {
    levels < 1 || members.contains { $0.value.isDeeper(than: levels - 1) }
  }
}

/// The members of a JSON object in their order. Of equal names the last one counts.
public struct JSONObject: Hashable, Sendable {
  /// One name and its value.
  public struct Member: Hashable, Sendable {
    /// The name.
    public var key: String
    /// The value.
    public var value: JSONValue

    /// Joins a name and its value.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The members.
  public var members: [Member]

  /// An object of the members.
  public init(_ members: [Member] = []) { self.members = members }

  /// The value of a name; setting nil removes it.
  public subscript(key: String) -> JSONValue? {
    get { members.last { $0.key == key }?.value }
    set {
      if let index = members.lastIndex(where: { $0.key == key }) {
        if let newValue { members[index].value = newValue } else { members.remove(at: index) }
      } else if let newValue {
        members.append(Member(key, newValue))
      }
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// `["id": 42]`, in the order written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = elements.map { Member($0.0, $0.1) }
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral,
  ExpressibleByStringInterpolation
{
  /// An object in the order written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
  }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A number with a fraction.
  public init(floatLiteral value: Double) { self = JSONValue(value) }
  /// Null.
  public init(nilLiteral: ()) { self = .null }
  /// A number; what JSON cannot write (infinite, not a number) becomes null.
  public init(_ value: Double) { self = value.isFinite ? .double(value) : .null }
}

/// What can stand as a value of JSON without loss: the inputs of lock keys, the values of dictionary events.
public protocol JSONConvertible: Sendable {
  /// The value.
  var jsonValue: JSONValue { get }
  /// Reads the value back, nil where it is of another type or out of range.
  init?(jsonValue: JSONValue)
}

extension JSONValue: JSONConvertible {
  /// Itself.
  public var jsonValue: JSONValue { self }
  /// Itself.
  public init(jsonValue: JSONValue) { self = jsonValue }
}

extension String: JSONConvertible {
  /// Text.
  public var jsonValue: JSONValue { .string(self) }
  /// Text only: 42 is not "42".
  public init?(jsonValue: JSONValue) {
    guard case .string(let text) = jsonValue else { return nil }
    self = text
  }
}

extension Bool: JSONConvertible {
  /// True or false.
  public var jsonValue: JSONValue { .bool(self) }
  /// True or false only.
  public init?(jsonValue: JSONValue) {
    guard case .bool(let value) = jsonValue else { return nil }
    self = value
  }
}

extension Double: JSONConvertible {
  /// The number, or null for what JSON cannot write.
  public var jsonValue: JSONValue { JSONValue(self) }
  /// Any number, the nearest double of a whole one.
  public init?(jsonValue: JSONValue) {
    switch jsonValue {
    case .integer(let value): self = Double(value)
    case .unsigned(let value): self = Double(value)
    case .double(let value): self = value
    default: return nil
    }
  }
}

extension JSONConvertible where Self: FixedWidthInteger {
  /// The whole number.
  public var jsonValue: JSONValue {
    if let value = Int64(exactly: self) { return .integer(value) }
    return .unsigned(UInt64(clamping: self))
  }
  /// A whole number within the type's range; 1.5 and "1" are none.
  public init?(jsonValue: JSONValue) {
    switch jsonValue {
    case .integer(let value): self.init(exactly: value)
    case .unsigned(let value): self.init(exactly: value)
    default: return nil
    }
  }
}

extension Int: JSONConvertible {}
extension Int32: JSONConvertible {}
extension Int64: JSONConvertible {}
extension UInt: JSONConvertible {}
extension UInt32: JSONConvertible {}
extension UInt64: JSONConvertible {}

extension Identifier: JSONConvertible {
  /// The 26 characters.
  public var jsonValue: JSONValue { .string(description) }
  /// The 26 characters only.
  public init?(jsonValue: JSONValue) {
    guard case .string(let text) = jsonValue, let value = try? Self(text) else { return nil }
    self = value
  }
}
