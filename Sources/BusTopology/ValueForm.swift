internal import BusProtocol

/// A text that is not what its key declares: what the key must be, and what to write.
struct WrongValue: Error, Equatable {
  /// `must be a whole number`.
  var requirement: String
  var help: String?

  init(_ requirement: String, help: String? = nil) {
    self.requirement = requirement
    self.help = help
  }
}

/// How the value of a key is written: what the parser takes and what the schema says, side by side.
struct ValueForm<Value: Sendable>: Sendable {
  let schema: JSONObject
  let parse: @Sendable (String) throws(WrongValue) -> Value
}

extension ValueForm where Value == Int {
  static func wholeNumber(_ range: ClosedRange<Int>) -> ValueForm {
    ValueForm(
      schema: ["type": "integer", "minimum": range.lowerBound.jsonValue, "maximum": range.upperBound.jsonValue]
    ) { text throws(WrongValue) in
      let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
      guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
        throw WrongValue("must be a whole number")
      }
      guard let number = Int(text), range.contains(number) else {
        throw WrongValue("must be from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }
}

extension ValueForm where Value == Int {
  /// A whole number that lets something through.
  static func limit(upTo maximum: Int) -> ValueForm {
    let number = wholeNumber(0...maximum)
    return ValueForm(schema: wholeNumber(1...maximum).schema) { text throws(WrongValue) in
      let limit = try number.parse(text)
      guard limit > 0 else { throw .limitOfNothing("must be from 1 to \(maximum)") }
      return limit
    }
  }
}

extension ValueForm where Value == RateLimit {
  static var rate: ValueForm {
    ValueForm(schema: ["type": "string", "pattern": .string(RateLimit.pattern)]) { text throws(WrongValue) in
      do throws(ProtocolError) {
        return try RateLimit(text)
      } catch {
        let isNothing = text.prefix { $0 != "/" }.allSatisfy { $0 == "0" } && text.hasPrefix("0")
        if isNothing { throw WrongValue.limitOfNothing("must be a rate of at least one") }
        throw WrongValue("must be a rate", help: "for example 200/s, 10/m, 1000/h or 10/m burst 5")
      }
    }
  }
}

extension WrongValue {
  /// Nothing would ever run, and nobody would be told why.
  fileprivate static func limitOfNothing(_ requirement: String) -> WrongValue {
    WrongValue(requirement, help: "to stop a queue use pause: it has a reason and an end, and is seen everywhere")
  }
}

extension ValueForm where Value == Bool {
  static var boolean: ValueForm {
    ValueForm(schema: ["type": "boolean"]) { text throws(WrongValue) in
      switch text {
      case "true": return true
      case "false": return false
      case "yes", "on", "True", "TRUE": throw WrongValue("must be true or false", help: "did you mean 'true'?")
      case "no", "off", "False", "FALSE": throw WrongValue("must be true or false", help: "did you mean 'false'?")
      default: throw WrongValue("must be true or false")
      }
    }
  }
}

extension ValueForm where Value == Duration {
  static func duration(_ range: ClosedRange<Duration>) -> ValueForm {
    ValueForm(schema: ["type": "string", "pattern": .string(Duration.wordsPattern)]) { text throws(WrongValue) in
      guard let duration = Duration(words: text) else {
        let isNumber = !text.isEmpty && text.count <= 12 && text.allSatisfy { $0.isASCII && $0.isNumber }
        throw WrongValue("must be a duration", help: isNumber ? "did you mean '\(text)s'? units: ms, s, m, h, d" : nil)
      }
      guard range.contains(duration) else {
        throw WrongValue("must be from \(range.lowerBound.words) to \(range.upperBound.words)")
      }
      return duration
    }
  }
}

extension ValueForm where Value == ByteCount {
  static var byteCount: ValueForm {
    ValueForm(schema: ["type": "string", "pattern": .string(ByteCount.pattern)]) { text throws(WrongValue) in
      guard let count = ByteCount(words: text) else {
        let isNear = ByteCount(words: text + "iB") != nil
        throw WrongValue("must be a size", help: isNear ? "did you mean '\(text)iB'?" : nil)
      }
      guard count.bytes > 0 else { throw WrongValue("must be more than nothing") }
      return count
    }
  }

  static func byteCount(upTo maximum: Int) -> ValueForm {
    ValueForm(schema: byteCount.schema) { text throws(WrongValue) in
      let count = try byteCount.parse(text)
      guard count.bytes <= maximum else { throw WrongValue("must be at most \(ByteCount(bytes: Int64(maximum)))") }
      return count
    }
  }
}

extension ValueForm where Value == String {
  /// Any text that a process can be given; what looks like a number or a boolean to an editor stays text here.
  static var anyText: ValueForm {
    ValueForm(schema: ["type": ["string", "number", "boolean"]]) { text throws(WrongValue) in
      guard !text.unicodeScalars.contains("\0") else { throw WrongValue("must be text without NUL") }
      return text
    }
  }

  /// A filter; where it fails is shown by whoever knows its place.
  static var filter: ValueForm {
    ValueForm(schema: ["type": "string", "minLength": 1]) { text throws(WrongValue) in
      guard !text.isEmpty else { throw WrongValue("must be a filter") }
      return text
    }
  }

  /// A text of a grammar of its own, which whoever reads it knows.
  static var anyWords: ValueForm {
    ValueForm(schema: ["type": "string", "minLength": 1]) { text throws(WrongValue) in
      guard !text.isEmpty else { throw WrongValue("must be text") }
      return text
    }
  }

  static var path: ValueForm {
    ValueForm(schema: ["type": "string", "minLength": 1]) { text throws(WrongValue) in
      guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
        throw WrongValue("must be a path")
      }
      return text
    }
  }
}

extension ValueForm where Value == Name {
  static var name: ValueForm {
    ValueForm(schema: ["type": "string", "pattern": .string(NameForm.name.pattern)]) { text throws(WrongValue) in
      do throws(ProtocolError) {
        return try Name(text)
      } catch {
        throw WrongValue("must be a name", help: "use 1 to \(Name.maximumLength) of A-Z a-z 0-9 _ . : -")
      }
    }
  }
}

extension ValueForm where Value == Endpoint {
  static var endpoint: ValueForm {
    ValueForm(schema: ["type": "string", "pattern": "^(tcp://[0-9.]+:[0-9]+|ipc://[^@ ][^ ]*)$"]) {
      text throws(WrongValue) in try Endpoint(parsing: text)
    }
  }
}

extension ValueForm where Value == StoreLocation {
  static var store: ValueForm {
    ValueForm(schema: ["type": "string", "pattern": "^sqlite:."]) { text throws(WrongValue) in
      try StoreLocation(parsing: text)
    }
  }
}

extension ValueForm where Value: RawRepresentable, Value.RawValue == String {
  /// One of a few words.
  static func word(_ choices: [Value]) -> ValueForm {
    let words = choices.map(\.rawValue)
    return ValueForm(schema: ["enum": .array(words.map { .string($0) })]) { text throws(WrongValue) in
      guard let choice = choices.first(where: { $0.rawValue == text }) else {
        throw WrongValue(
          "must be \(words.joined(separator: " or "))", help: Suggestion.help(for: text, among: words))
      }
      return choice
    }
  }
}
