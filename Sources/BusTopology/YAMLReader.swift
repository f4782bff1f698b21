internal import Yams

/// Turns YAML text into ``YAMLNode``s and refuses what a topology must not use: anchors, aliases, tags, duplicate keys.
///
/// The only file that knows Yams. Nothing is resolved: the parser's own guesses about `no` or `1.10` are switched off.
struct YAMLReader {
  /// The most bytes that a topology may have.
  static let maximumBytes = 1 << 20
  /// The deepest nesting that is read; the format itself needs eight.
  static let maximumDepth = 32
  /// More aliases than this are refused before they are expanded: aliases of aliases grow without bound.
  static let maximumAliases = 16

  let source: SourceText
  private(set) var findings: [TopologyFinding] = []

  private init(source: SourceText) { self.source = source }

  /// The root of the text, or every reason why there is none that can be trusted.
  static func read(_ text: String, source: SourceText) -> (root: YAMLNode?, findings: [TopologyFinding]) {
    var reader = YAMLReader(source: source)
    let root = reader.root(of: text)
    return (root, reader.findings)
  }

  private mutating func root(of text: String) -> YAMLNode? {
    guard text.utf8.count <= Self.maximumBytes else {
      return refuse(nil, "the file has \(text.utf8.count) bytes, more than the \(Self.maximumBytes) that are read")
    }
    if let place = AliasScan.place(ofAliasNumber: Self.maximumAliases + 1, in: source) {
      return refuse(place, "aliases are not allowed", help: Self.aliasHelp)
    }
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      // Nodes refer to their anchors weakly: without the parser they would look as if they had none.
      return try withExtendedLifetime(parser) { try parser.singleRoot().map { convert($0, depth: 0) } }
    } catch let error as YamlError {
      findings.append(YAMLSyntaxError(error, in: source).finding)
    } catch {
      findings.append(source.finding(at: .init(line: 0, column: 0), "cannot be parsed: \(error)"))
    }
    return nil
  }

  private mutating func convert(_ node: Node, depth: Int) -> YAMLNode {
    let place = Self.place(of: node)
    guard depth <= Self.maximumDepth else {
      _ = refuse(place, "nested more than \(Self.maximumDepth) deep")
      return YAMLNode(content: .refused, place: place)
    }
    guard isAllowed(node, at: place) else { return YAMLNode(content: .refused, place: place) }
    switch node {
    case .scalar(let scalar):
      return YAMLNode(content: .text(scalar.string, isPlain: scalar.style == .plain), place: place)
    case .sequence(let nodes):
      return YAMLNode(content: .list(nodes.map { convert($0, depth: depth + 1) }), place: place)
    case .mapping(let pairs):
      return YAMLNode(content: .map(pairs.compactMap { member($0, $1, depth: depth + 1) }), place: place)
    case .alias:
      _ = refuse(place, "aliases are not allowed", help: Self.aliasHelp)
      return YAMLNode(content: .refused, place: place)
    }
  }

  private mutating func member(_ key: Node, _ value: Node, depth: Int) -> YAMLNode.Member? {
    let value = convert(value, depth: depth)
    guard case .scalar = key else {
      _ = refuse(Self.place(of: key), "a key must be text", help: "write 'key: value'")
      return nil
    }
    let name = convert(key, depth: depth)
    guard case .text(let text, _) = name.content else { return nil }
    return YAMLNode.Member(key: text, place: name.place, value: value)
  }

  private static func place(of node: Node) -> SourceText.Place {
    SourceText.Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
  }

  private mutating func isAllowed(_ node: Node, at place: SourceText.Place) -> Bool {
    if let anchor = node.anchor {
      _ = refuse(
        place, "anchors and aliases are not allowed, found '&\(anchor.rawValue)'", help: Self.aliasHelp)
      return false
    }
    guard let tag = Self.explicitTag(of: node) else { return true }
    _ = refuse(place, "tags are not allowed, found '\(tag)'", help: "leave it out: every key has its own type")
    return false
  }

  /// Text in quotes, and a key that was compared with others, carry the tag of text without having been given one.
  private static func explicitTag(of node: Node) -> String? {
    switch node {
    case .scalar(let scalar):
      let tag = scalar.tag.rawValue
      return tag.isEmpty || tag == "tag:yaml.org,2002:str" ? nil : tag
    case .sequence(let sequence): return sequence.tag.rawValue.isEmpty ? nil : sequence.tag.rawValue
    case .mapping(let mapping): return mapping.tag.rawValue.isEmpty ? nil : mapping.tag.rawValue
    case .alias: return nil
    }
  }

  private mutating func refuse(_ place: SourceText.Place?, _ problem: String, help: String? = nil) -> YAMLNode? {
    findings.append(source.finding(at: place ?? .init(line: 0, column: 0), problem, help: help))
    return nil
  }

  private static let aliasHelp = "write the value out, or quote a text that begins with '*' or '&'"
}
