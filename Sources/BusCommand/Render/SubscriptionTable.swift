internal import BusProtocol

/// The subscriptions: where they stand, and who runs them.
struct SubscriptionTable {
  var paint: Paint
  var columns: Int?

  /// The table of `bus subs`.
  func lines(_ subscriptions: [JSONValue]) throws(ProtocolError) -> [String] {
    var table = Columns([
      ("SUBSCRIPTION", .left), ("PATTERNS", .left), ("CURSOR", .right), ("LAG", .right), ("PROCESS", .left),
    ])
    for json in subscriptions {
      let subscription = try json.members("subscription")
      let patterns = try subscription.list("patterns") { String(jsonValue: $0) ?? "?" }
      let lag: UInt64 = try subscription.optional("lag") ?? 0
      let process: String? = try subscription.optional("process")
      table.add([
        .init(try subscription.string("name")), .init(patterns.joined(separator: " ")),
        .init(Offset(try subscription.read("cursor")).description), .init("\(lag)", lag > 0 ? .yellow : .plain),
        .init(process ?? "nobody runs it", process == nil ? .yellow : .plain),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}
