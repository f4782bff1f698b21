internal import BusProtocol

/// A tree of causes as people read it, and as Graphviz draws it.
struct TraceText {
  var text: JobText

  /// The lines of `bus trace`.
  func lines(_ trace: Trace) -> [String] { node(trace).lines }

  private func node(_ trace: Trace) -> TreeNode {
    var node = TreeNode(text: line(trace.subject), children: trace.children.map(node))
    if trace.isAsked { node.text += "  " + text.paint("← asked about", .bold) }
    if case .job(let job) = trace.subject {
      node.notes = job.failures.map { failure in
        "attempt \(failure.attempt) failed \(text.time(failure.at)): \(Printable.line(failure.error))"
      }
    }
    if let remark = trace.remark { node.notes.append(remark) }
    return node
  }

  private func line(_ subject: Trace.Subject) -> String {
    switch subject {
    case .event(let event): return EventTree(time: text.time).node(event.json).text
    case .job(let job):
      var facts = [text.paint(JobText.word(job.state), JobText.ink(job.state))]
      if let started = job.startedAt, let finished = job.finishedAt {
        facts.append(Brief.duration(finished - started))
      } else {
        facts.append(text.when(job))
      }
      if job.attempts > 1 { facts.append("attempt \(job.attempts)") }
      if job.merges > 0 { facts.append("\(Brief.count(job.merges, "later enqueue")) merged") }
      if let subscription = job.wish.cause.subscription { facts.append("by \(subscription)") }
      if let process = job.process { facts.append("on \(Printable.line(process))") }
      return "job \(job.id) \(JobText.title(job))  \(facts.joined(separator: ", "))"
    case .merge(let job, let subscription):
      let wish = subscription.map { "the enqueue of \($0)" } ?? "an enqueue"
      return "\(wish)  merged into job \(job), which waited already"
    case .batch(let batch):
      let open = batch.open > 0 ? ", \(batch.open) of them open" : ""
      return "batch of \(Brief.count(batch.size, "job"))\(open), then job \(batch.then)"
    }
  }

  /// A directed graph in the DOT language.
  static func dot(_ trace: Trace) -> [String] {
    var lines = ["digraph trace {", "  node [shape=box, fontname=\"monospace\"];"]
    var count = 0
    func add(_ trace: Trace) -> Int {
      count += 1
      let own = count
      lines.append("  n\(own) [label=\"\(escaped(label(trace.subject)))\"\(trace.isAsked ? ", penwidth=2" : "")];")
      for child in trace.children { lines.append("  n\(own) -> n\(add(child));") }
      return own
    }
    _ = add(trace)
    return lines + ["}"]
  }

  private static func label(_ subject: Trace.Subject) -> String {
    switch subject {
    case .event(let event): "event \(event.topic) \(event.offset)"
    case .job(let job): "\(JobText.title(job)) \(JobText.word(job.state))"
    case .merge(let job, _): "merged into \(job)"
    case .batch(let batch): "batch of \(Brief.count(batch.size, "job"))"
    }
  }

  private static func escaped(_ text: String) -> String {
    Printable.line(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
