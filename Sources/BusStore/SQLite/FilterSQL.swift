internal import BusProtocol

/// A bound filter as a condition on `job`, with the same truth as `BoundFilter.matches`.
///
/// Only words of this file stand in the text; paths, texts and numbers of the filter are bound. Negations are pushed
/// down to the tests: above them null counts as false and an index can be used, and a negated test is `IS NOT TRUE`.
///
/// Of equal keys in one object SQLite reads the first one, the filter's own evaluation the last one.
struct FilterSQL {
  /// What stands for a `?`.
  enum Value: Equatable {
    case integer(Int64)
    case text(String)
    case blob([UInt8])
  }

  private(set) var condition = ""
  private(set) var values: [Value] = []
  private let book: QueueBook

  init(_ filter: BoundFilter, _ book: QueueBook) {
    self.book = book
    condition = build(filter.root, isNegated: false)
  }

  private mutating func build(_ node: BoundFilter.Node, isNegated: Bool) -> String {
    switch node {
    case .all(let nodes): return joined(nodes, isNegated ? " OR " : " AND ", isNegated)
    case .any(let nodes): return joined(nodes, isNegated ? " AND " : " OR ", isNegated)
    case .not(let node): return build(node, isNegated: !isNegated)
    case .mentions(let text): return leaf(mentions(text), isNegated)
    case .test(let field, let steps, let check): return leaf(test(field, steps, check), isNegated)
    }
  }

  private mutating func joined(_ nodes: [BoundFilter.Node], _ word: String, _ isNegated: Bool) -> String {
    var parts: [String] = []
    for node in nodes { parts.append(build(node, isNegated: isNegated)) }
    return "(\(parts.joined(separator: word)))"
  }

  private func leaf(_ condition: String, _ isNegated: Bool) -> String {
    isNegated ? "((\(condition)) IS NOT TRUE)" : "(\(condition))"
  }

  /// The sign for a value that is bound.
  private mutating func bind(_ value: Value) -> String {
    values.append(value)
    return "?"
  }

  // MARK: Fields

  private mutating func test(_ field: String, _ steps: [FilterPath.Step], _ check: FilterCheck) -> String {
    switch FilterColumn(field) {
    case .queue: return queues { check.holds(of: .string($0.description)) }
    case .engine: return queues { check.holds(of: .string($0.engine.text)) }
    case .state:
      let codes = JobState.allCases.filter { check.holds(of: .string($0.rawValue)) }.map { String($0.code) }
      return "state IN (\(codes.joined(separator: ", ")))"
    case .identifier(let column): return identifier(column, check)
    case .json(let column) where !steps.isEmpty: return member(column, steps, check)
    case .json(let column), .plain(let column): return plain(column, check)
    case nil: return "FALSE"
    }
  }

  /// Queues are few and numbered: which ones are meant is decided here.
  private func queues(_ isMeant: (QueueName) -> Bool) -> String {
    let numbers = book.entries.indices.filter { isMeant(book.entries[$0].name) }.map { String($0 + 1) }
    return "queue IN (\(numbers.joined(separator: ", ")))"
  }

  private mutating func plain(_ column: String, _ check: FilterCheck) -> String {
    switch check {
    case .isPresent: return "\(column) IS NOT NULL"
    case .isAnyOf(let scalars):
      var signs: [String] = []
      for scalar in scalars { signs.append(sign(for: scalar)) }
      return "\(column) IN (\(signs.joined(separator: ", ")))"
    case .compares(let order, let scalar): return "\(column) \(order.rawValue) \(sign(for: scalar))"
    case .matches(let pattern): return "\(column) GLOB \(bind(.text(FilterSQL.glob(pattern))))"
    }
  }

  /// A scalar that is compared with a column or a value in JSON.
  private mutating func sign(for scalar: FilterScalar) -> String {
    switch scalar {
    case .null: "NULL"
    case .bool(let value): value ? "1" : "0"
    case .integer(let value): bind(.integer(value))
    // As text, so that SQLite reads it as it reads the numbers in JSON.
    case .double(let value): "CAST(\(bind(.text(value.description))) AS REAL)"
    case .text(let text): bind(.text(text))
    case .time(let time): bind(.integer(time.microseconds))
    }
  }

  private mutating func identifier(_ column: String, _ check: FilterCheck) -> String {
    switch check {
    case .isPresent: return "\(column) IS NOT NULL"
    case .isAnyOf(let scalars):
      var conditions: [String] = []
      for case .text(let text) in scalars { conditions.append(beginning(column, text)) }
      return conditions.joined(separator: " OR ")
    case .matches(let pattern): return beginning(column, pattern.hasSuffix("*") ? String(pattern.dropLast()) : pattern)
    case .compares: return "FALSE"
    }
  }

  /// Ids are kept as bytes, in the order of their characters.
  private mutating func beginning(_ column: String, _ prefix: String) -> String {
    let open = max(0, 26 - prefix.utf8.count)
    // The first of 26 characters carries three bits: 7 is its largest.
    let last = prefix.isEmpty ? "7" + String(repeating: "Z", count: 25) : prefix + String(repeating: "Z", count: open)
    guard let low = try? JobID(prefix + String(repeating: "0", count: open)), let high = try? JobID(last) else {
      return "FALSE"
    }
    // Said once more for the index that holds no nulls.
    let range = "\(column) BETWEEN \(bind(.blob(low.bytes))) AND \(bind(.blob(high.bytes)))"
    return "\(range) AND \(column) IS NOT NULL"
  }

  private mutating func mentions(_ text: String) -> String {
    var parts = [queues { $0.description.utf8.contains(text) }]
    for column in FilterColumn.mentioned { parts.append("instr(\(column), \(bind(.text(text)))) > 0") }
    if let prefix = FilterNeedle.identifierPrefix(text) { parts.append(beginning("id", prefix)) }
    return parts.joined(separator: " OR ")
  }

  // MARK: JSON

  private mutating func member(_ column: String, _ steps: [FilterPath.Step], _ check: FilterCheck) -> String {
    let path = FilterSQL.path(steps)
    switch check {
    case .isPresent: return "json_type(\(column), \(bind(.text(path)))) IS NOT NULL"
    case .isAnyOf(let scalars):
      if let condition = bareNumber(column, path, scalars) { return condition }
      var conditions: [String] = []
      for scalar in scalars {
        let needle = FilterSQL.needle(steps, scalar).map { "instr(\(column), \(bind(.text($0)))) > 0 AND " } ?? ""
        conditions.append("(\(needle)\(compared(column, path, scalar, "=")))")
      }
      return conditions.joined(separator: " OR ")
    case .compares(let order, let scalar): return compared(column, path, scalar, order.rawValue)
    case .matches(let pattern):
      return compared(column, path, .text(FilterSQL.glob(pattern)), "GLOB")
    }
  }

  /// For each test that a job must pass, the members of which one must be among its inputs; tests of which that
  /// cannot be said are left out.
  static func needles(_ filter: BoundFilter) -> [[UInt64]] {
    var conjuncts = [filter.root]
    var needles: [[UInt64]] = []
    while let node = conjuncts.popLast() {
      switch node {
      case .all(let nodes): conjuncts += nodes
      case .test(field: "inputs", let steps, .isAnyOf(let scalars)) where !steps.isEmpty:
        let texts = scalars.map { needle(steps, $0) }
        if !texts.contains(nil) { needles.append(texts.compactMap { $0.map { InputSketch.needle($0.utf8) } }) }
      default: break
      }
    }
    return needles
  }

  /// A bare number means the text, too: one look serves both.
  private mutating func bareNumber(_ column: String, _ path: String, _ scalars: [FilterScalar]) -> String? {
    guard scalars.count == 2, case .text(let word) = scalars[0], case .integer(let number) = scalars[1],
      FilterSQL.hasOneForm(number), String(number) == word
    else { return nil }
    let needle = "instr(\(column), \(bind(.text(word)))) > 0"
    let asText = compared(column, path, scalars[0], "=")
    return "\(needle) AND (\(asText) OR \(compared(column, path, scalars[1], "=")))"
  }

  private mutating func compared(
    _ column: String, _ path: String, _ scalar: FilterScalar, _ comparison: String
  ) -> String {
    let type = "json_type(\(column), \(bind(.text(path))))"
    switch scalar {
    case .null: return "\(type) = 'null'"
    case .bool(let value): return "\(type) = \(value ? "'true'" : "'false'")"
    case .time: return "FALSE"
    case .integer, .double, .text:
      let types = if case .text = scalar { "('text')" } else { "('integer', 'real')" }
      let value = "json_extract(\(column), \(bind(.text(path))))"
      return "\(type) IN \(types) AND \(value) \(comparison) \(sign(for: scalar))"
    }
  }

  /// The keys have no characters that would need an escape; see `FilterPath`.
  private static func path(_ steps: [FilterPath.Step]) -> String {
    steps.reduce(into: "$") { path, step in
      switch step {
      case .key(let key): path += ".\"\(key)\""
      case .index(let index): path += "[\(index)]"
      }
    }
  }

  /// What stands in every JSON text that has the value there, as the store writes it: looking for it costs less than
  /// parsing. Nil where there are several ways to write the value.
  private static func needle(_ steps: [FilterPath.Step], _ scalar: FilterScalar) -> String? {
    guard case .key(let key)? = steps.last else { return nil }
    switch scalar {
    case .text(let text): return JSONValue.object([key: .string(text)]).text.trimmedBraces
    case .integer(let value) where hasOneForm(value): return "\"\(key)\":\(value)"
    default: return nil
    }
  }

  /// The number may have been a double: then it is written `42.0`, which begins the same, but a large one `1e+16`, and
  /// nothing may be `-0.0`.
  private static func hasOneForm(_ number: Int64) -> Bool {
    number != 0 && Double(number).description == "\(number).0"
  }

  /// GLOB's other signs stand for themselves.
  private static func glob(_ pattern: String) -> String {
    var glob = ""
    for scalar in pattern.unicodeScalars {
      if scalar == "?" || scalar == "[" { glob += "[\(scalar)]" } else { glob.unicodeScalars.append(scalar) }
    }
    return glob
  }
}

extension String {
  fileprivate var trimmedBraces: String { String(decoding: utf8.dropFirst().dropLast(), as: UTF8.self) }
}

/// Where a field of a job stands in the table.
private enum FilterColumn {
  case queue, engine, state
  case identifier(String)
  case json(String)
  case plain(String)

  init?(_ field: String) {
    switch field {
    case "queue": self = .queue
    case "engine": self = .engine
    case "state": self = .state
    case "id", "event", "parent", "correlation": self = .identifier(field)
    case "inputs", "context": self = .json(field)
    case "offset": self = .plain("event_offset")
    case "error":
      self = .plain("(SELECT error FROM failure WHERE failure.job = job.seq ORDER BY number DESC LIMIT 1)")
    case "worker", "reason", "queue_lock", "worker_lock", "priority", "attempts", "crashes", "merges", "enqueued_at",
      "due_at", "started_at", "finished_at", "process", "topic", "subscription", "trace", "source":
      self = .plain(field)
    default: return nil
    }
  }

  /// Those in which words are looked for.
  static let mentioned = [
    "worker", "queue_lock", "worker_lock", "reason", "process", "topic", "subscription", "source", "inputs",
  ]
}
