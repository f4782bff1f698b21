internal import BusProtocol

/// The processes as their supervisor counts them.
struct ProcessTable {
  var paint: Paint
  var columns: Int?

  /// The table of `bus ps`.
  func lines(_ processes: [JSONValue]) -> [String] {
    var table = Columns([
      ("PROCESS", .left), ("PID", .right), ("STATE", .left), ("SINCE", .right), ("RESTARTS", .right),
      ("MEMORY", .right), ("LAST EXIT", .left), ("STATUS", .left),
    ])
    for process in processes {
      let state = process.string("state") ?? "-"
      let memory: Int64? = process["memory"].flatMap(Int64.init(jsonValue:))
      let restarts = process.count("restarts") ?? 0
      table.add([
        .init(process.string("process") ?? "-"), .init(process.count("pid").map { "\($0)" } ?? "-"),
        .init(state, ink(state)), .init(duration(process)), .init("\(restarts)", restarts > 0 ? .yellow : .plain),
        .init(memory.map { Brief.bytes(UInt64(max(0, $0))) } ?? "-"), .init(process.string("last_exit") ?? "-"),
        .init(Printable.line(process.string("status") ?? process.string("doing") ?? "-")),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }

  /// What is not as it was configured, and the command that makes it so.
  func remarks(_ engines: [JSONValue]) -> [String] {
    engines.compactMap { engine in
      guard let name = engine.string("engine"), let wanted = engine.count("wanted"),
        let configured = engine.count("configured")
      else { return nil }
      if engine.isTrue("quiet") { return "\(name) is quiet: bus quiet --off \(name)" }
      if engine.isTrue("upgrading") { return "\(name) is being upgraded" }
      if let maximum = engine.count("maximum") {
        if engine.isTrue("by_hand") { return "\(name) has \(wanted) by wish, not by its load: bus scale \(name)=auto" }
        return "\(name) has \(wanted) by its load, of \(configured) to \(maximum)"
      }
      guard wanted != configured else { return nil }
      return "\(name) has \(wanted) by wish, not \(configured) as configured: bus scale \(name)=\(configured)"
    }
  }

  /// Where programs accept connections.
  func places(_ engines: [JSONValue]) -> [String] {
    engines.compactMap { engine in
      guard let name = engine.string("engine"), case .array(let places)? = engine["listen"] else { return nil }
      return "\(name) listens at \(places.compactMap(String.init(jsonValue:)).joined(separator: ", "))"
    }
  }

  private func duration(_ process: JSONValue) -> String {
    let seconds = process["seconds"].flatMap(Double.init(jsonValue:)) ?? 0
    return Brief.duration(.milliseconds(Int64(min(1e12, max(0, seconds * 1000)))))
  }

  private func ink(_ state: String) -> Paint.Ink {
    switch state {
    case "ready": .green
    case "backoff": .red
    case "starting", "draining", "stopping": .yellow
    default: .plain
    }
  }
}
