internal import BusProtocol

/// An event as a node of a tree of causes.
struct EventTree {
  var time: TimeText

  /// The event, and below it what published it.
  func node(_ event: JSONValue) -> TreeNode {
    let text = { (key: String) in event[key].flatMap(String.init(jsonValue:)).map(Printable.line) }
    let offset = event["offset"].flatMap(UInt64.init(jsonValue:)).map { Offset($0).description }
    let at = (text("recordedtime") ?? text("time")).flatMap { try? Timestamp($0) }
    var words = ["event \(text("type") ?? "?")", offset ?? text("id") ?? "?"]
    words[0] = words.joined(separator: " ")
    let facts = [
      at.map { time($0) }, text("source").map { "from \($0)" },
      text("traceparent").map { ", trace \($0.split(separator: "-").dropFirst().first ?? "?")" },
    ]
    let line = words[0] + "  " + facts.compactMap(\.self).joined(separator: " ").replacing(" ,", with: ",")
    return TreeNode(text: line, children: text("causationid").map { [cause($0)] } ?? [])
  }

  /// `job:01J…` or `event:01J…`, with the command that goes on from there.
  private func cause(_ text: String) -> TreeNode {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return TreeNode(text: text) }
    return TreeNode(text: "\(parts[0]) \(parts[1])  published it: bus why \(parts[1])")
  }
}
