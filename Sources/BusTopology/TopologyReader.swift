internal import BusProtocol

/// Reads YAML nodes by the tables of keys, collects every mistake, and makes a topology when there was none.
struct TopologyReader {
  /// A map whose keys are those of a table.
  struct Fields {
    /// What a message calls it: `queue account/refresh`.
    let owner: String
    let place: SourceText.Place
    fileprivate let members: [String: YAMLNode.Member]

    /// What stands behind a key.
    func node(_ key: KeyEntry) -> YAMLNode? { members[key.name]?.value }
  }

  /// A name that the file chose, with what stands behind it.
  struct Named<Name> {
    let name: Name
    let place: SourceText.Place
    let node: YAMLNode
  }

  let source: SourceText
  private var findings: [TopologyFinding] = []

  private init(source: SourceText) { self.source = source }

  static func read(_ text: String, file: String) throws(TopologyError) -> Topology {
    // libyaml would count a byte order mark as a column.
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    let source = SourceText(text, file: file)
    let (root, refusals) = YAMLReader.read(text, source: source)
    var reader = TopologyReader(source: source)
    reader.findings = refusals
    let topology = root.flatMap { reader.topology($0) }
    if root == nil, refusals.isEmpty {
      reader.report(at: .init(line: 1, column: 1), "the file is empty", help: "begin it with 'version: 1'")
    }
    guard let topology, reader.findings.isEmpty else { throw TopologyError(reader.findings) }
    return topology
  }

  /// Notes a mistake; the file is read on, so that all are found at once.
  mutating func report(at place: SourceText.Place, _ problem: String, help: String? = nil) {
    findings.append(source.finding(at: place, problem, help: help))
  }

  func position(_ place: SourceText.Place) -> SourcePosition {
    SourcePosition(file: source.file, line: place.line, column: place.column)
  }

  /// A map by its table: unknown keys are refused, required ones asked for; nothing at all is an empty map.
  mutating func fields(
    _ node: YAMLNode, _ table: KeyTable, of owner: String, at place: SourceText.Place? = nil
  ) -> Fields? {
    var members: [String: YAMLNode.Member] = [:]
    switch node.content {
    case .refused: return nil
    case .map(let found):
      for member in found where isKnown(member, in: table, of: owner) { members[member.key] = member }
    case .text, .list:
      guard node.isEmpty else {
        let example = table.entries.first.map { "for example '\($0.example)'" }
        report(at: node.place, "\(owner) must be a map of keys, found \(node.shown)", help: example)
        return nil
      }
    }
    let fields = Fields(owner: owner, place: place ?? node.place, members: members)
    for key in table.entries where key.isRequired && members[key.name] == nil {
      report(at: fields.place, "\(owner) lacks '\(key.name)'", help: "for example '\(key.example)'")
    }
    return fields
  }

  private mutating func isKnown(_ member: YAMLNode.Member, in table: KeyTable, of owner: String) -> Bool {
    if table.entries.contains(where: { $0.name == member.key }) { return true }
    report(
      at: member.place, "unknown key '\(member.key.prefix(60))' in \(owner)",
      help: table.help(forUnknown: member.key))
    return false
  }

  /// The value of a key; nil when it is absent, or wrong and reported.
  mutating func value<Value>(_ key: Key<Value>, in fields: Fields) -> Value? {
    guard let node = fields.node(key.entry) else { return nil }
    return text(node, key.form, what: key.name, help: key.help)
  }

  /// A text of a form; `what` is what a message calls it.
  mutating func text<Value>(_ node: YAMLNode, _ form: ValueForm<Value>, what: String, help: String) -> Value? {
    do throws(WrongValue) {
      switch node.content {
      case .refused: return nil
      case .text(let text, _) where !node.isEmpty: return try form.parse(text)
      case .text: _ = try form.parse("")
      case .list, .map: _ = try form.parse("")
      }
      report(at: node.place, "\(what) must be text, found \(node.shown)", help: help)
    } catch {
      report(at: node.place, "\(what) \(error.requirement), found \(node.shown)", help: error.help ?? help)
    }
    return nil
  }

  /// The names that the file chose behind a key, each made by the closure, and those refused that are none.
  mutating func named<Name>(
    _ key: KeyEntry, in fields: Fields, _ what: String, _ form: NameForm, _ make: (String) throws -> Name
  ) -> [Named<Name>] {
    guard let node = fields.node(key), !node.isEmpty else { return [] }
    switch node.content {
    case .refused: return []
    case .text, .list:
      report(
        at: node.place, "\(key.name) must be a map of names, found \(node.shown)",
        help: "for example '\(key.example)'")
      return []
    case .map(let members):
      return members.compactMap { member in
        do {
          return Named(name: try make(member.key), place: member.place, node: member.value)
        } catch {
          report(at: member.place, "'\(member.key.prefix(60))' cannot be the name of \(what)", help: form.rule)
          return nil
        }
      }
    }
  }
}
