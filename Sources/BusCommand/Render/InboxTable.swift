internal import BusProtocol

/// Items of an inbox: when, which job, how it ended, and what it says.
struct InboxTable {
  var time: TimeText
  var paint: Paint
  var columns: Int?
  var isJSON = false

  init(_ output: OutputOptions) {
    let terminal = output.terminal
    (time, paint, columns, isJSON) = (output.timeText, terminal.paint, terminal.columns, output.json)
  }

  init(time: TimeText, paint: Paint, columns: Int?) { (self.time, self.paint, self.columns) = (time, paint, columns) }

  /// Writes them as a table, or as JSON.
  func write(_ items: [InboxItem], withHeader: Bool) throws {
    if isJSON { return try items.forEach { try Output.write(json: $0.json) } }
    guard withHeader || !items.isEmpty else { return }
    try Output.write(lines: Array(lines(items).dropFirst(withHeader ? 0 : 1)))
  }

  /// The table of `bus inbox`.
  func lines(_ items: [InboxItem]) -> [String] {
    var table = Columns([
      ("", .left), ("AT", .left), ("STATE", .left), ("WORKER", .left), ("JOB", .left), ("TEXT", .left),
    ])
    for item in items {
      let isBad = item.state == .dead || item.state == .cancelled
      table.add([
        .init(item.readAt == nil ? "*" : ""), .init(time(item.at)),
        .init(item.state.rawValue.split(separator: "_").joined(separator: " "), isBad ? .red : .plain),
        .init("\(item.queue.engine).\(item.worker)"), .init("\(item.job)"),
        .init(Printable.line(item.text ?? item.result?.text ?? "")),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}
