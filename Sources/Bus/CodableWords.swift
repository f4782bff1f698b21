public import BusProtocol

// The words of the protocol as inputs of workers and members of typed events: each is written as its JSON.

extension JSONValue: Codable {
  /// Writes the value as it is.
  public func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch self {
    case .null: try single.encodeNil()
    case .bool(let value): try single.encode(value)
    case .integer(let value): try single.encode(value)
    case .unsigned(let value): try single.encode(value)
    case .double(let value): try single.encode(value)
    case .string(let value): try single.encode(value)
    case .array(let values): try single.encode(values)
    case .object(let object): try single.encode(object)
    }
  }

  /// Reads any value.
  public init(from decoder: any Decoder) throws {
    if let object = try? JSONObject(from: decoder) {
      self = .object(object)
      return
    }
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      self = .null
    } else if let value = try? single.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? single.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? single.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? single.decode(Double.self) {
      self = JSONValue(value)
    } else if let value = try? single.decode(String.self) {
      self = .string(value)
    } else {
      self = .array(try single.decode([JSONValue].self))
    }
  }
}

extension JSONObject: Codable {
  /// Writes the members in their order.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingPathKey.self)
    for member in members { try container.encode(member.value, forKey: CodingPathKey(stringValue: member.key)) }
  }

  /// Reads the members.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingPathKey.self)
    self.init(
      try container.allKeys.map { Member($0.stringValue, try container.decode(JSONValue.self, forKey: $0)) })
  }
}

extension Identifier: Codable {
  /// Writes the 26 characters.
  public func encode(to encoder: any Encoder) throws { try write(description, to: encoder) }
  /// Reads the 26 characters.
  public init(from decoder: any Decoder) throws { self = try read(decoder) { try Self($0) } }
}

extension Timestamp: Codable {
  /// Writes RFC 3339 in UTC, to the microsecond.
  public func encode(to encoder: any Encoder) throws { try write(description, to: encoder) }
  /// Reads RFC 3339.
  public init(from decoder: any Decoder) throws { self = try read(decoder) { try Self($0) } }
}

extension Name: Codable {
  /// Writes the characters.
  public func encode(to encoder: any Encoder) throws { try write(text, to: encoder) }
  /// Reads the characters.
  public init(from decoder: any Decoder) throws { self = try read(decoder) { try Self($0) } }
}

extension Topic: Codable {
  /// Writes the characters.
  public func encode(to encoder: any Encoder) throws { try write(text, to: encoder) }
  /// Reads the characters.
  public init(from decoder: any Decoder) throws { self = try read(decoder) { try Self($0) } }
}

private func write(_ text: String, to encoder: any Encoder) throws {
  var single = encoder.singleValueContainer()
  try single.encode(text)
}

private func read<Word>(_ decoder: any Decoder, _ parse: (String) throws -> Word) throws -> Word {
  let single = try decoder.singleValueContainer()
  let text = try single.decode(String.self)
  do {
    return try parse(text)
  } catch let error as ProtocolError {
    throw DecodingError.dataCorruptedError(in: single, debugDescription: error.message)
  }
}
