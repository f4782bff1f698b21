internal import Bus
internal import BusProtocol

/// busd's answer to what became of an event.
struct WhyEventAnswer {
  /// A subscription, and whether it wants events of this topic.
  struct Subscription {
    var name: SubscriptionName
    var patterns: [String]
    /// What it asks of an event's data, by member.
    var conditions: JSONObject
    /// The last event before its time, nil where that is not known.
    var start: Offset?
    var cursor: Offset
    /// The process that runs it.
    var process: String?
    /// How it is stopped.
    var pause: Pause?
    var isWanted: Bool
    var isHandled: Bool
  }

  /// A wish that became part of a job that waited already.
  struct Merge {
    var job: JobID
    var subscription: SubscriptionName?
    /// What became of the inputs.
    var policy = MergePolicy.keep
    /// Whether the job ran, and ran once more for it.
    var isRerun = false
  }

  /// The event as CloudEvents JSON.
  var event: JSONValue
  var jobs: [Job]
  var merges: [Merge]
  var subscriptions: [Subscription]

  /// Reads the answer.
  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("answer")
    event = .object(try members.object("event"))
    jobs = try members.list("jobs") { (json) throws(ProtocolError) in try Job(json: json) }
    merges = try members.list("merges") { (json) throws(ProtocolError) in
      let merge = try json.members("merge")
      return Merge(
        job: try merge.read("job"),
        subscription: try merge.optional("subscription", as: String.self)
          .map { (text) throws(ProtocolError) in try SubscriptionName(text) },
        policy: MergePolicy(rawValue: try merge.optional("policy") ?? "") ?? .keep,
        isRerun: try merge.optional("rerun") ?? false)
    }
    subscriptions = try members.list("subscriptions") { (json) throws(ProtocolError) in
      let subscription = try json.members("subscription")
      return Subscription(
        name: try SubscriptionName(try subscription.string("name")),
        patterns: try subscription.list("patterns") { (json) throws(ProtocolError) in String(jsonValue: json) ?? "?" },
        conditions: subscription.optionalValue("conditions") == nil ? [:] : try subscription.object("conditions"),
        start: subscription.optionalValue("start") == nil ? nil : try subscription.offset("start"),
        cursor: Offset(try subscription.read("cursor")), process: try subscription.optional("process"),
        pause: try PauseText.pause(subscription),
        isWanted: try subscription.optional("wanted") ?? true, isHandled: try subscription.read("handled"))
    }
  }
}

/// Tells what each subscription made of an event.
struct WhyEvent {
  var text: JobText

  /// The lines of `bus why EVENT`.
  func lines(_ answer: WhyEventAnswer) -> [String] {
    var node = root(answer)
    let wanting = answer.subscriptions.filter(\.isWanted)
    if wanting.isEmpty, answer.jobs.isEmpty, answer.merges.isEmpty {
      node.notes.append("no subscription wants \(WhyEvent.topic(answer)): bus subs")
    }
    node.children = wanting.map { self.node($0, answer) } + strangers(answer)
    return node.lines
  }

  /// The lines of `bus why --not SUBSCRIPTION EVENT`, nil for a subscription that nobody ever declared.
  func lines(not name: SubscriptionName, _ answer: WhyEventAnswer) -> [String]? {
    var node = root(answer)
    guard let subscription = answer.subscriptions.first(where: { $0.name == name }) else { return nil }
    node.children = [self.node(subscription, answer)]
    return node.lines
  }

  private func root(_ answer: WhyEventAnswer) -> TreeNode {
    var node = EventTree(time: text.time).node(answer.event)
    // What published it is a note here: the tree goes the other way, to what came of it.
    node.notes = node.children.map(\.text)
    return node
  }

  private static func topic(_ answer: WhyEventAnswer) -> String {
    answer.event["type"].flatMap(String.init(jsonValue:)).map(Printable.line) ?? "?"
  }

  private func node(_ subscription: WhyEventAnswer.Subscription, _ answer: WhyEventAnswer) -> TreeNode {
    let jobs = answer.jobs.filter { $0.wish.cause.subscription == subscription.name }.map(node)
    let merges = answer.merges.filter { $0.subscription == subscription.name }.map(node)
    let head = "subscription \(subscription.name)  "
    switch (jobs.count, merges.count) {
    case (0, 0):
      let reasons = reasons(subscription, answer)
      return TreeNode(text: head + reasons[0], notes: Array(reasons.dropFirst()))
    case (let count, 0): return TreeNode(text: head + Brief.count(count, "job"), children: jobs)
    case (0, let count): return TreeNode(text: head + "\(count) merged", children: merges)
    case (let count, let merged):
      return TreeNode(text: head + "\(Brief.count(count, "job")), \(merged) merged", children: jobs + merges)
    }
  }

  /// Why a subscription asked for no job: what it is in a few words, then what to know of it.
  private func reasons(_ subscription: WhyEventAnswer.Subscription, _ answer: WhyEventAnswer) -> [String] {
    let offset = answer.event["offset"].flatMap(UInt64.init(jsonValue:)) ?? 0
    guard subscription.isWanted else {
      return [
        "does not want \(WhyEvent.topic(answer)): it wants \(subscription.patterns.map(Printable.line).joined(separator: " "))"
      ]
    }
    if let start = subscription.start, offset <= start.rawValue { return ["began behind this event, at \(start)"] }
    guard subscription.isHandled else {
      let behind = Brief.count(Int(clamping: offset - min(offset, subscription.cursor.rawValue)), "event")
      if let pause = subscription.pause {
        let words = PauseText(time: text.time).words(pause)
        return [
          "has not come to it yet, it is \(behind) behind",
          "it is paused \(words): bus subs resume \(subscription.name)",
        ]
      }
      let runner = subscription.process.map { "it runs on \(Printable.line($0))" }
      return [
        "has not come to it yet, it is \(behind) behind",
        runner ?? "no process runs it: start one with 'bus work \(subscription.name.engine)'",
      ]
    }
    let unmet = unmet(subscription.conditions, answer.event["data"] ?? .null)
    if !unmet.isEmpty { return ["passed it over: its conditions do not hold"] + unmet }
    return ["asked for no job: its mapping named no worker", "or its job is past the retention of the history"]
  }

  /// The conditions that the data does not meet, in words.
  private func unmet(_ conditions: JSONObject, _ data: JSONValue) -> [String] {
    conditions.members.compactMap { member in
      let name = Printable.line(member.key)
      do {
        let condition = try Condition(json: member.value)
        guard !condition.holds(for: data[member.key]) else { return nil }
        let found = data[member.key].map { "it is \(Printable.line($0.text))" } ?? "it is not there"
        return "\(name) has to be \(Printable.line(condition.description)): \(found)"
      } catch {
        return "\(name) has to be \(Printable.line(member.value.text)), which this version does not know"
      }
    }
  }

  /// Jobs and merges of subscriptions that are no longer declared, or of none.
  private func strangers(_ answer: WhyEventAnswer) -> [TreeNode] {
    let known = Set(answer.subscriptions.filter(\.isWanted).map(\.name))
    let jobs = answer.jobs.filter { $0.wish.cause.subscription.map { !known.contains($0) } ?? true }.map(node)
    let merges = answer.merges.filter { $0.subscription.map { !known.contains($0) } ?? true }.map(node)
    return jobs + merges
  }

  private func node(_ job: Job) -> TreeNode {
    let state = text.paint(JobText.word(job.state), JobText.ink(job.state))
    return TreeNode(text: "job \(job.id) \(JobText.title(job))  \(state), \(text.when(job))")
  }

  /// What a merge did with the inputs, where it did something.
  static func inputs(_ policy: MergePolicy) -> String {
    switch policy {
    case .keep: ""
    case .replace: ", with the newest inputs"
    case .merge: ", with the inputs of all"
    }
  }

  private func node(_ merge: WhyEventAnswer.Merge) -> TreeNode {
    let how = merge.isRerun ? "which ran, and runs once more for it" : "which waited already"
    return TreeNode(text: "merged into job \(merge.job), \(how)\(WhyEvent.inputs(merge.policy)): bus why \(merge.job)")
  }
}
