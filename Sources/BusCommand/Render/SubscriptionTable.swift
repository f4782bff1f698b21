internal import BusProtocol

/// The subscriptions: where they stand, and who runs them.
struct SubscriptionTable {
  var time: TimeText
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
      let pause = try PauseText.pause(subscription).map { "paused \(PauseText(time: time).words($0))" }
      table.add([
        .init(try subscription.string("name")), .init(patterns.joined(separator: " ")),
        .init(Offset(try subscription.read("cursor")).description), .init("\(lag)", lag > 0 ? .yellow : .plain),
        .init(pause ?? process ?? "nobody runs it", pause != nil || process == nil ? .yellow : .plain),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}
