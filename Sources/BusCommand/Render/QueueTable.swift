internal import BusProtocol

/// The queues as busd counts them.
struct QueueTable {
  var time: TimeText
  var paint: Paint
  var columns: Int?

  /// The table of `bus queues`.
  func lines(_ queues: [JSONValue]) throws(ProtocolError) -> [String] {
    let notes = try queues.map { (queue) throws(ProtocolError) in try note(try queue.members("queue")) }
    // The column is there for whoever needs it.
    let hasNotes = notes.contains { !$0.isEmpty }
    var titles: [(String, Columns.Alignment)] = [
      ("QUEUE", .left), ("PRI", .right), ("READY", .right), ("SCHED", .right), ("BLOCKED", .right), ("RUN", .right),
      ("PARKED", .right), ("DEAD", .right), ("DONE", .right), ("MERGED", .right), ("BUSY", .right),
      ("OLDEST", .right),
    ]
    if hasNotes { titles.append(("LIMITS", .left)) }
    var table = Columns(titles)
    for (queue, note) in zip(queues, notes) {
      let cells = try cells(try queue.members("queue"))
      table.add(hasNotes ? cells + [.init(note, queue["pause"] == nil ? .plain : .yellow)] : cells)
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }

  /// How it is stopped, and what limits it.
  private func note(_ queue: JSONMembers) throws(ProtocolError) -> String {
    var words: [String] = []
    if let pause = try queue.optionalValue("pause").map({ (json) throws(ProtocolError) in try QueuePause(json: json) })
    {
      let end = pause.until.map { " until \(time.relative($0))" } ?? ""
      let reason = pause.reason.isEmpty ? "" : " (\(Printable.line(pause.reason)))"
      words.append("\(pause.kind == .pause ? "paused" : "draining")\(end)\(reason)")
    }
    if let concurrency: Int = try queue.optional("concurrency") { words.append("\(concurrency) at once") }
    if let rate: String = try queue.optional("rate") { words.append(Printable.line(rate)) }
    if let limit: Int = try queue.optional("limit") { words.append("\(limit) waiting") }
    if let weight: Int = try queue.optional("weight"), weight != 1 { words.append("weight \(weight)") }
    return words.joined(separator: ", ")
  }

  private func cells(_ queue: JSONMembers) throws(ProtocolError) -> [Columns.Cell] {
    let number = { (key: String) throws(ProtocolError) -> Int64 in try queue.optional(key) ?? 0 }
    let alarming = { (key: String, ink: Paint.Ink) throws(ProtocolError) -> Columns.Cell in
      let count = try number(key)
      return .init("\(count)", count > 0 ? ink : .plain)
    }
    let oldest: String? = try queue.optional("oldest_ready_at")
    let age = oldest.flatMap { try? Timestamp($0) }.map { Brief.duration(time.now - $0) }
    let hands = try number("hands")
    return [
      .init(try queue.string("queue")), .init("\(try number("priority"))"), .init("\(try number("ready"))"),
      .init("\(try number("scheduled"))"), .init("\(try number("blocked"))"), .init("\(try number("running"))"),
      try alarming("parked", .yellow), try alarming("dead", .red), .init("\(try number("done"))"),
      .init("\(try number("merged"))"),
      .init("\(try number("busy"))/\(hands)", hands == 0 ? .yellow : .plain), .init(age ?? "-"),
    ]
  }
}
