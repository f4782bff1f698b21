internal import BusProtocol

/// The keys of one kind of map: what the parser accepts, what messages suggest and what the schema says.
struct KeyTable: Sendable {
  /// What the map describes: `queue`.
  let noun: String
  let entries: [KeyEntry]
  /// Keys that later versions have: refused like any unknown one, with a better sentence.
  let later: [String]

  init(_ noun: String, _ entries: [KeyEntry], later: [String] = []) {
    self.noun = noun
    self.entries = entries
    self.later = later
  }

  /// What to do about a key that is not in the table.
  func help(forUnknown key: String) -> String {
    if later.contains(key) { return "'\(key)' is not known to this version: leave it out" }
    let names = entries.map(\.name)
    return Suggestion.help(for: key, among: names) ?? "known: \(names.joined(separator: ", "))"
  }
}

/// One row of a table.
struct KeyEntry: Sendable {
  let name: String
  /// One or two sentences for the reader of the file.
  let summary: String
  /// The key with a value, as a message shows it.
  let example: String
  let isRequired: Bool
  let standard: JSONValue?
  let shape: KeyShape

  init(
    _ name: String, _ shape: KeyShape, _ summary: String, example: String, isRequired: Bool = false,
    standard: JSONValue? = nil
  ) {
    self.name = name
    self.shape = shape
    self.summary = summary
    self.example = example
    self.isRequired = isRequired
    self.standard = standard
  }
}

/// What stands behind a key.
indirect enum KeyShape: Sendable {
  /// One text, as the schema describes it.
  case value(JSONObject)
  /// A list of texts.
  case list(JSONObject)
  /// A map with the keys of a table.
  case map(KeyTable)
  /// Names that the file chooses, each with a map.
  case maps(NameForm, KeyTable)
  /// Names that the file chooses, each with a text.
  case texts(NameForm, JSONObject)
  /// A word that stands for the whole map.
  case wordOrMap(String, KeyTable)
}

/// A key whose value is one text of a form.
struct Key<Value: Sendable>: Sendable {
  let form: ValueForm<Value>
  let entry: KeyEntry
  /// What a message adds to the example.
  let hint: String?

  init(
    _ name: String, _ form: ValueForm<Value>, _ summary: String, example: String, hint: String? = nil,
    isRequired: Bool = false, standard: JSONValue? = nil
  ) {
    self.form = form
    self.hint = hint
    entry = KeyEntry(
      name, .value(form.schema), summary, example: "\(name): \(example)", isRequired: isRequired, standard: standard)
  }

  var name: String { entry.name }

  /// What a wrong value's finding says where the form knows nothing better.
  var help: String { "for example '\(entry.example)'\(hint.map { " (\($0))" } ?? "")" }
}

/// Which names the file may choose in a place.
struct NameForm: Sendable {
  /// As a JSON schema says it.
  let pattern: String
  /// As a person is told.
  let rule: String

  static let name = NameForm(
    pattern: "^[A-Za-z0-9_.:-]{1,200}$", rule: "use 1 to \(Name.maximumLength) of A-Z a-z 0-9 _ . : -")
  static let topicPattern = NameForm(
    pattern: "^[A-Za-z0-9_.:*-]{1,200}$",
    rule: "use 1 to \(Name.maximumLength) of A-Z a-z 0-9 _ . : - and * for any run of characters")
  static let variable = NameForm(
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$", rule: "use letters, digits and _, no digit first, for example PAYMENT_URL")
}
