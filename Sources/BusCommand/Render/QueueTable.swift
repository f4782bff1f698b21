internal import BusProtocol

/// The queues as busd counts them.
struct QueueTable {
  var time: TimeText
  var paint: Paint
  var columns: Int?

  /// The table of `bus queues`.
  func lines(_ queues: [JSONValue]) throws(ProtocolError) -> [String] {
    var table = Columns([
      ("QUEUE", .left), ("PRI", .right), ("READY", .right), ("SCHED", .right), ("BLOCKED", .right), ("RUN", .right),
      ("PARKED", .right), ("DEAD", .right), ("DONE", .right), ("MERGED", .right), ("BUSY", .right),
      ("OLDEST", .right),
    ])
    for queue in queues { table.add(try cells(try queue.members("queue"))) }
    return table.lines(paint: paint, terminalColumns: columns)
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
