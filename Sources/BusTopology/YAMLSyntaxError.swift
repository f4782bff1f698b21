internal import Yams

/// What libyaml says about text that is no YAML, with its place and a next step.
struct YAMLSyntaxError {
  let finding: TopologyFinding

  init(_ error: YamlError, in source: SourceText) {
    finding =
      switch error {
      case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
        Self.finding(context, problem, mark, in: source)
      case .composer(_, let problem, let mark, _):
        Self.composerFinding(problem, mark, in: source)
      case .reader(let problem, let offset, _, let text):
        source.finding(
          at: Self.place(atCharacter: offset ?? 0, of: text), "not YAML: \(problem)",
          help: "save the file as plain text in UTF-8")
      case .duplicatedKeysInMapping(let keys, let context):
        Self.duplicateFinding(keys.first ?? "", context.mark, in: source)
      case .memory:
        source.finding(at: .init(line: 0, column: 0), "not YAML: nested too deeply")
      default:
        source.finding(at: .init(line: 0, column: 0), "not YAML: \(error)")
      }
  }

  private static func finding(
    _ context: YamlError.Context?, _ problem: String, _ mark: Mark, in source: SourceText
  ) -> TopologyFinding {
    let place = SourceText.Place(line: mark.line, column: mark.column)
    let begin = context.map { ", \($0.text) that begins at line \($0.mark.line), column \($0.mark.column)" }
    return source.finding(
      at: place, "not YAML: \(problem)\(begin ?? "")", help: help(at: place, problem, in: source))
  }

  private static func help(at place: SourceText.Place, _ problem: String, in source: SourceText) -> String? {
    let line = source.line(place.line)
    if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") || source.scalar(at: place) == "\t" {
      return "indent with spaces: YAML does not allow tabs"
    }
    switch source.scalar(at: place) {
    case "*", "&": return quoteHelp
    case "@", "`", "%": return "put the text in quotes"
    default: break
    }
    if problem.contains("alphabetic or numeric") { return quoteHelp }
    if problem.contains("mapping values are not allowed") { return "put a text that contains ': ' in quotes" }
    if problem.contains("',' or '}'") { return "close the braces, and put a comma between two keys" }
    if problem.contains("',' or ']'") { return "close the brackets, and put a comma between two values" }
    if problem.contains("could not find expected ':'") { return "write 'key: value'" }
    if problem.contains("end of stream") { return "close the quotes" }
    if problem.contains("did not find expected key") { return "keys of one map begin in the same column" }
    return nil
  }

  private static let quoteHelp = "put a pattern that begins with '*' in quotes, for example \"*_changed\""

  private static func composerFinding(_ problem: String, _ mark: Mark, in source: SourceText) -> TopologyFinding {
    let place = SourceText.Place(line: mark.line, column: mark.column)
    guard problem.contains("alias") else {
      return source.finding(
        at: place, "a second document begins here", help: "remove the '---': a topology is one document")
    }
    return source.finding(at: place, "not YAML: \(problem)", help: quoteHelp)
  }

  private static func duplicateFinding(_ key: String, _ mark: Mark, in source: SourceText) -> TopologyFinding {
    let first = SourceText.Place(line: mark.line, column: mark.column)
    let second = DuplicateKey(key, first: first).second(in: source)
    let help =
      second == nil
      ? "keep one of them" : "it stands already in line \(first.line), column \(first.column): keep one of them"
    return source.finding(at: second ?? first, "duplicate key '\(key)'", help: help)
  }

  /// Yams gives the place of an unreadable character as a count of Swift characters from the start.
  private static func place(atCharacter offset: Int, of text: String) -> SourceText.Place {
    let before = SourceText(String(text.prefix(max(0, offset))), file: "")
    return SourceText.Place(line: before.lines.count, column: (before.lines.last?.count ?? 0) + 1)
  }
}
