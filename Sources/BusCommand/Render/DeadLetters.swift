internal import BusProtocol

/// The dead jobs, gathered by where they died, of which worker, and of what.
struct DeadLetters {
  /// What died of one thing.
  struct Group: Equatable {
    var queue: QueueName
    var worker: String
    var error: String
    var count = 0
    /// The last one that died of it, and when.
    var example: JobID
    var newest: Timestamp

    var json: JSONValue {
      [
        "queue": .string(queue.description), "worker": .string(worker), "error": .string(error),
        "count": count.jsonValue, "newest": .string(newest.description), "example": example.jsonValue,
      ]
    }
  }

  private struct Key: Hashable {
    var queue: QueueName
    var worker: String
    var error: String
  }

  private var found: [Key: Group] = [:]

  /// Counts a job.
  mutating func add(_ job: Job) {
    let error = Self.kind(of: job.failures.last?.error ?? job.reason ?? "unknown")
    let key = Key(queue: job.wish.queue, worker: JobText.worker(job), error: error)
    let at = job.finishedAt ?? job.enqueuedAt
    var group = found[key] ?? Group(queue: key.queue, worker: key.worker, error: error, example: job.id, newest: at)
    group.count += 1
    if at > group.newest { (group.newest, group.example) = (at, job.id) }
    found[key] = group
  }

  /// What most died of comes first.
  var groups: [Group] {
    found.values.sorted { ($1.count, $1.newest, $0.worker, $0.error) < ($0.count, $0.newest, $1.worker, $1.error) }
  }

  /// What errors of one kind have in common: the name before a colon or a parenthesis, or else the words without the
  /// numbers in them.
  static func kind(of error: String) -> String {
    let line = error.prefix { !$0.isNewline }
    let head = line.prefix { $0 != ":" && $0 != "(" }
    if head.count < line.count, !head.isEmpty, !head.contains(" ") { return String(head.prefix(80)) }
    var text = ""
    for character in line.prefix(200) {
      if !character.isASCII || !character.isNumber { text.append(character) } else if text.last != "#" { text += "#" }
    }
    return String(text.prefix(80))
  }

  /// The table of `bus dlq`.
  func lines(time: TimeText, paint: Paint, columns: Int?) -> [String] {
    var table = Columns([
      ("QUEUE", .left), ("WORKER", .left), ("DEAD", .right), ("NEWEST", .left), ("EXAMPLE", .left), ("ERROR", .left),
    ])
    for group in groups {
      table.add([
        .init(group.queue.description), .init(group.worker), .init("\(group.count)", .red),
        .init(time.relative(group.newest)), .init("\(group.example)"), .init(Printable.line(group.error)),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }

  /// How many there are, and what to do next.
  var footer: String {
    guard let first = groups.first else { return "No job is dead." }
    let count = Brief.count(groups.map(\.count).reduce(0, +), "dead job")
    return "\(count). Why one died: bus why \(first.example). Again: bus dlq retry --queue \(first.queue)"
  }

  /// Refuses a job that is not dead: it is not this command's to change.
  static func check(_ id: JobID, _ state: JobState) throws(CommandError) {
    guard state != .dead else { return }
    throw CommandError(
      .refused, "job \(id) is not dead, it is \(JobText.word(state))", where: "bus dlq", help: "bus jobs show \(id)")
  }
}
