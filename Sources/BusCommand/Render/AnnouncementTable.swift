internal import BusProtocol

/// Events to come: when, and what.
struct AnnouncementTable {
  var time: TimeText
  var paint: Paint
  var columns: Int?

  /// The table of `bus announcements`.
  func lines(_ announcements: [JSONValue]) throws(ProtocolError) -> [String] {
    var table = Columns([("DUE", .left), ("TOPIC", .left), ("ID", .left), ("SOURCE", .left), ("DATA", .left)])
    for json in announcements {
      let announcement = try json.members("announcement")
      let due = try Timestamp(try announcement.string("due_at"))
      table.add([
        .init(time(due)), .init(try announcement.string("topic")), .init(try announcement.string("id")),
        .init(try announcement.optional("source") ?? ""), .init(announcement.optionalValue("data")?.text ?? ""),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}
