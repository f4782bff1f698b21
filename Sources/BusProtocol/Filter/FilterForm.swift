/// Turns written values into what a field's values are compared with, or says what they should have been.
struct FilterForm {
  let field: FilterField
  let path: FilterPath
  let source: FilterSource
  let now: Timestamp?

  private func refusal(_ value: FilterValue, _ problem: String, help: String) -> FilterError {
    source.error(at: value.place, problem, help: help)
  }

  private var name: String { path.shown }

  // MARK: Equality

  /// For `==` and `in`.
  func scalar(_ value: FilterValue) throws(FilterError) -> FilterScalar {
    if case .null = value.literal, !isJSON {
      throw refusal(value, "'\(name)' is never null", help: "write not has(\(name))")
    }
    switch field.form {
    case .json: return try member(value)
    case .text: return .text(try text(value))
    case .integer: return try number(value)
    case .time: return try time(value)
    case .word(let words): return .text(try word(try text(value), among: words, value))
    case .identifier: return .text(try identifier(try text(value), value))
    case .qualifiedName:
      let text = try text(value)
      guard text.utf8.contains(UInt8(ascii: "/")) else {
        throw refusal(value, "'\(name)' is a full name, ENGINE/NAME", help: "write \(name) ~ '*/\(text.prefix(60))'")
      }
      return .text(text)
    }
  }

  private var isJSON: Bool { if case .json = field.form { true } else { false } }

  private func member(_ value: FilterValue) throws(FilterError) -> FilterScalar {
    switch value.literal {
    case .null: return .null
    case .bool(let bool): return .bool(bool)
    case .integer(let integer): return .integer(integer)
    case .decimal(let decimal): return .double(decimal)
    case .text(let text), .word(let text): return .text(text)
    case .time, .ago:
      throw refusal(
        value, "in JSON a time is text", help: "put it in quotes; without them only fields of time are compared")
    }
  }

  private func text(_ value: FilterValue) throws(FilterError) -> String {
    switch value.literal {
    case .text(let text), .word(let text): return text
    default: throw refusal(value, "'\(name)' is text", help: "put it in quotes: '\(value.literal.text)'")
    }
  }

  private func number(_ value: FilterValue) throws(FilterError) -> FilterScalar {
    switch value.literal {
    case .integer(let integer): return .integer(integer)
    case .decimal(let decimal): return .double(decimal)
    default: throw refusal(value, "'\(name)' is a number", help: "write it without quotes: \(name) >= 3")
    }
  }

  private func time(_ value: FilterValue) throws(FilterError) -> FilterScalar {
    switch value.literal {
    case .time(let time): return .time(time)
    case .ago(let duration):
      guard let now else {
        throw refusal(value, "a duration has no meaning in a filter that stays", help: "write a time: 2026-01-31")
      }
      return .time(now - duration)
    case .text(let text), .word(let text):
      if case .time(let time)? = FilterLiteral(moment: text) { return .time(time) }
    default: break
    }
    throw refusal(value, "'\(name)' is a time", help: "write 10m (ago), +10m, 2026-01-31 or 2026-01-31T08:30:00Z")
  }

  private func word(_ text: String, among words: [String], _ value: FilterValue) throws(FilterError) -> String {
    guard words.contains(text) else {
      let near = NearestWord.to(text, among: words).map { "did you mean '\($0)'? " } ?? ""
      throw refusal(
        value, "\(ProtocolError.quoted(text)) is no \(name)", help: "\(near)known: \(words.joined(separator: " "))")
    }
    return text
  }

  private func identifier(_ text: String, _ value: FilterValue) throws(FilterError) -> String {
    guard let id = try? Identifier<FilterField>(text) else {
      throw refusal(
        value, "'\(name)' is an id of 26 characters",
        help: "write all of it, or \(name) ~ '01JEX*' for those that begin so")
    }
    return id.description
  }

  // MARK: Order, patterns, the short form

  /// For `<` and its like.
  func ordered(_ value: FilterValue) throws(FilterError) -> FilterScalar {
    switch field.form {
    case .integer: return try number(value)
    case .time: return try time(value)
    case .text: return .text(try text(value))
    case .json:
      let scalar = try member(value)
      switch scalar {
      case .null, .bool: throw refusal(value, "null, true and false have no order", help: "compare with ==")
      default: return scalar
      }
    case .word, .identifier, .qualifiedName:
      throw refusal(value, "'\(name)' has no order", help: "compare with ==, in or ~")
    }
  }

  /// For `~`.
  func pattern(_ value: FilterValue) throws(FilterError) -> String {
    let text = try text(value)
    switch field.form {
    case .text, .word, .qualifiedName, .json: return text
    case .identifier: return try beginning(text, value)
    case .integer, .time:
      throw refusal(value, "'\(name)' is no text", help: "compare with ==, < or >")
    }
  }

  /// Of ids only the beginning is looked for: that is how they are sorted and found.
  private func beginning(_ text: String, _ value: FilterValue) throws(FilterError) -> String {
    let characters = text.hasSuffix("*") ? text.dropLast() : text[...]
    let digits = characters.utf8.map { CrockfordBase32.value(of: $0) }
    let known = digits.compactMap { $0 }
    guard known.count == digits.count, known.count <= 26 else {
      throw refusal(value, "of an id only the beginning can be known", help: "write \(name) ~ '01JEX*'")
    }
    return String(decoding: known.map(CrockfordBase32.digit), as: UTF8.self) + (known.count == 26 ? "" : "*")
  }

  /// For `name:value`.
  func meaning(_ value: FilterValue) throws(FilterError) -> FilterCheck {
    guard case .word(let word) = value.literal else { return .isAnyOf([try scalar(value)]) }
    let isPattern = word.utf8.contains(TopicPattern.star)
    switch field.form {
    case .text: return isPattern ? .matches(word) : .isAnyOf([.text(word)])
    case .word: return isPattern ? .matches(word) : .isAnyOf([try scalar(value)])
    case .identifier: return .matches(try beginning(word, value))
    case .qualifiedName:
      let full = word.utf8.contains(UInt8(ascii: "/")) ? word : "*/\(word)"
      return full.utf8.contains(TopicPattern.star) ? .matches(full) : .isAnyOf([.text(full)])
    case .json: return isPattern ? .matches(word) : .isAnyOf(FilterForm.meanings(of: word))
    case .integer, .time:
      let bare = FilterLiteral(bare: word) ?? .word(word)
      return .isAnyOf([try scalar(FilterValue(literal: bare, place: value.place))])
    }
  }

  /// 42 and "42", true and "true": who types a word does not know how it was written.
  private static func meanings(of word: String) -> [FilterScalar] {
    if let number = FilterLiteral(number: word) {
      switch number {
      case .integer(let value): return [.text(word), .integer(value)]
      case .decimal(let value): return [.text(word), .double(value)]
      default: break
      }
    }
    switch word {
    case "true": return [.text(word), .bool(true)]
    case "false": return [.text(word), .bool(false)]
    case "null": return [.text(word), .null]
    default: return [.text(word)]
    }
  }
}
