internal import BusProtocol

extension TopologyReader {
  mutating func schedules(_ engine: Fields, of name: Name, queues: [Name]) -> [ScheduleDefinition] {
    named(EngineKeys.schedules, in: engine, "a schedule", .name) { try Name($0) }.compactMap { schedule in
      let owner = "schedule \(name)/\(schedule.name)"
      guard let fields = fields(schedule.node, ScheduleKeys.table, of: owner, at: schedule.place) else { return nil }
      let queue = self.queue(of: fields, engine: name, among: queues)
      let inputs = inputs(fields)
      let rule = rule(fields)
      guard let worker = value(ScheduleKeys.worker, in: fields), let rule else { return nil }
      return ScheduleDefinition(
        name: schedule.name, rule: rule, worker: Self.worker(worker, of: name), queue: queue, inputs: inputs,
        overlap: value(ScheduleKeys.overlap, in: fields) ?? ScheduleDefinition.standardOverlap,
        catchUp: value(ScheduleKeys.catchUp, in: fields) ?? ScheduleDefinition.standardCatchUp,
        isEnabled: value(ScheduleKeys.enabled, in: fields) ?? true, position: position(schedule.place))
    }
  }

  /// `billing.Dunning` is the engine's `Dunning`, as `bus enqueue` takes it.
  private static func worker(_ worker: Name, of engine: Name) -> Name {
    let prefix = "\(engine)."
    guard worker.text.hasPrefix(prefix), let bare = try? Name(String(worker.text.dropFirst(prefix.count))) else {
      return worker
    }
    return bare
  }

  /// Exactly one of `cron` and `every`; a zone only beside `cron`.
  private mutating func rule(_ fields: Fields) -> ScheduleRule? {
    let (cron, every) = (fields.node(ScheduleKeys.cron.entry), fields.node(ScheduleKeys.every.entry))
    guard (cron == nil) != (every == nil) else {
      let problem = cron == nil ? "lacks 'cron' or 'every'" : "has both 'cron' and 'every'"
      report(
        at: every?.place ?? fields.place, "\(fields.owner) \(problem)",
        help: "for example '\(ScheduleKeys.cron.entry.example)' or '\(ScheduleKeys.every.entry.example)'")
      return nil
    }
    let zone = zone(fields)
    if every != nil {
      if let node = fields.node(ScheduleKeys.timezone.entry) {
        report(at: node.place, "an interval has no time zone", help: "leave it out, or use 'cron'")
      }
      return value(ScheduleKeys.every, in: fields).map { .every($0) }
    }
    guard let expression = expression(fields), let zone else { return nil }
    return .cron(expression, zone)
  }

  private mutating func expression(_ fields: Fields) -> CronExpression? {
    guard let text = value(ScheduleKeys.cron, in: fields), let node = fields.node(ScheduleKeys.cron.entry) else {
      return nil
    }
    do { return try CronExpression(text) } catch {
      let place = source.place(of: error.column, in: text, from: node.place)
      report(at: place, "\(ScheduleKeys.cron.name): \(error.problem)", help: error.help)
      return nil
    }
  }

  private mutating func zone(_ fields: Fields) -> ZoneRules? {
    guard let node = fields.node(ScheduleKeys.timezone.entry) else { return .utc }
    guard let name = value(ScheduleKeys.timezone, in: fields) else { return nil }
    do { return try ZoneDirectory().rules(of: name) } catch {
      report(at: node.place, "\(ScheduleKeys.timezone.name) '\(name.prefix(64))': \(error.problem)", help: error.help)
      return nil
    }
  }

  private mutating func queue(of fields: Fields, engine: Name, among queues: [Name]) -> Name {
    let written = value(ScheduleKeys.queue, in: fields)
    let queue = written ?? QueueDefinition.standardName
    if !queues.contains(queue) {
      let known = queues.map(\.text)
      report(
        at: fields.node(ScheduleKeys.queue.entry)?.place ?? fields.place,
        "\(fields.owner) uses queue '\(queue)', which engine \(engine) does not have",
        help: Suggestion.help(for: queue.text, among: known)
          ?? "queues of \(engine): \(known.joined(separator: ", "))")
    }
    return queue
  }

  /// A value in quotes is text; a plain one that is a number, a boolean or null in JSON is that.
  private mutating func inputs(_ fields: Fields) -> JSONObject {
    let key = ScheduleKeys.inputs
    var inputs: JSONObject = [:]
    for input in named(key, in: fields, "an input", .variable, { try Self.variableName($0) }) {
      let help = "for example '\(key.example)'; an empty text is \"\""
      guard let text = text(input.node, ScheduleKeys.input, what: input.name, help: help) else { continue }
      if case .text(_, isPlain: true) = input.node.content, let json = try? JSONParser.parse(Array(text.utf8)),
        json.isScalar
      {
        inputs[input.name] = json
      } else {
        inputs[input.name] = .string(text)
      }
    }
    return inputs
  }
}

extension JSONValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .object, .array: false
    default: true
    }
  }
}
