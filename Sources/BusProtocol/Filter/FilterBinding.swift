/// Holds a filter against the fields of a kind: names, types and values must fit.
struct FilterBinding {
  let kind: FilterKind
  let source: FilterSource
  let now: Timestamp?

  func bind(_ node: FilterNode) throws(FilterError) -> BoundFilter.Node {
    switch node {
    case .all(let nodes): return .all(try bind(nodes))
    case .any(let nodes): return .any(try bind(nodes))
    case .not(let node): return .not(try bind(node))
    case .mention(let value): return .mentions(try mention(value))
    case .test(let path, let test):
      let field = try field(path)
      return .test(field: field.name, steps: path.steps, try check(test, path, field))
    }
  }

  private func bind(_ nodes: [FilterNode]) throws(FilterError) -> [BoundFilter.Node] {
    var bound: [BoundFilter.Node] = []
    for node in nodes { bound.append(try bind(node)) }
    return bound
  }

  /// A field that stands alone is a test that lost its other half.
  private func mention(_ value: FilterValue) throws(FilterError) -> String {
    switch value.literal {
    case .word(let word):
      let name = word.prefix { $0 != "." && $0 != "[" }
      guard kind.field(String(name)) == nil else {
        throw source.error(
          at: value.place, "'\(name)' is a field, and nothing is asked of it",
          help: "write has(…), or put it in quotes to look for the word")
      }
      return word
    default: return value.literal.plainText
    }
  }

  private func field(_ path: FilterPath) throws(FilterError) -> FilterField {
    guard let field = kind.field(path.field) else {
      let names = kind.fields.flatMap { [$0.name] + ($0.otherName.map { [$0] } ?? []) }
      let near = NearestWord.to(path.field, among: names).map { "did you mean '\($0)'? " } ?? ""
      throw source.error(
        at: path.place, "\(kind.noun) has no field \(ProtocolError.quoted(path.field))",
        help: "\(near)fields: \(kind.fieldNames.joined(separator: " "))")
    }
    if case .json = field.form { return field }
    guard path.steps.isEmpty else {
      throw source.error(at: path.place, "'\(path.field)' has no members", help: "write \(path.field) alone")
    }
    return field
  }

  private func check(
    _ test: FilterTest, _ path: FilterPath, _ field: FilterField
  ) throws(FilterError) -> FilterCheck {
    if case .isPresent = test { return .isPresent }
    if case .json = field.form, path.steps.isEmpty {
      throw source.error(
        at: path.place, "'\(path.field)' is an object", help: "name a member: \(path.field).user_id")
    }
    let form = FilterForm(field: field, path: path, source: source, now: now)
    switch test {
    case .isPresent: return .isPresent
    case .equals(let value): return .isAnyOf([try form.scalar(value)])
    case .isIn(let values):
      var scalars: [FilterScalar] = []
      for value in values { scalars.append(try form.scalar(value)) }
      return .isAnyOf(scalars)
    case .compares(let order, let value): return .compares(order, try form.ordered(value))
    case .matches(let value): return .matches(try form.pattern(value))
    case .means(let value): return try form.meaning(value)
    }
  }
}

extension FilterLiteral {
  /// The text itself, without quotes.
  fileprivate var plainText: String {
    switch self {
    case .text(let text), .word(let text): text
    default: text
    }
  }
}
