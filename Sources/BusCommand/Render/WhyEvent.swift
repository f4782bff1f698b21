internal import BusProtocol

/// busd's answer to what became of an event.
struct WhyEventAnswer {
  /// A subscription that wants events of this topic.
  struct Subscription {
    var name: SubscriptionName
    var patterns: [String]
    var cursor: Offset
    var isHandled: Bool
  }

  /// A wish that became part of a job that waited already.
  struct Merge {
    var job: JobID
    var subscription: SubscriptionName?
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
          .map { (text) throws(ProtocolError) in try SubscriptionName(text) })
    }
    subscriptions = try members.list("subscriptions") { (json) throws(ProtocolError) in
      let subscription = try json.members("subscription")
      return Subscription(
        name: try SubscriptionName(try subscription.string("name")),
        patterns: try subscription.list("patterns") { (json) throws(ProtocolError) in String(jsonValue: json) ?? "?" },
        cursor: Offset(try subscription.read("cursor")), isHandled: try subscription.read("handled"))
    }
  }
}

/// Tells what each subscription made of an event.
struct WhyEvent {
  var text: JobText

  /// The lines of `bus why EVENT`.
  func lines(_ answer: WhyEventAnswer) -> [String] {
    var node = EventTree(time: text.time).node(answer.event)
    // What published it is a note here: the tree goes the other way, to what came of it.
    node.notes = node.children.map(\.text)
    let topic = answer.event["type"].flatMap(String.init(jsonValue:)).map(Printable.line) ?? "?"
    if answer.subscriptions.isEmpty, answer.jobs.isEmpty, answer.merges.isEmpty {
      node.notes.append("no subscription wants \(topic): bus subs")
    }
    node.children = answer.subscriptions.map { self.node($0, answer) } + strangers(answer)
    return node.lines
  }

  private func node(_ subscription: WhyEventAnswer.Subscription, _ answer: WhyEventAnswer) -> TreeNode {
    let jobs = answer.jobs.filter { $0.wish.cause.subscription == subscription.name }.map(node)
    let merges = answer.merges.filter { $0.subscription == subscription.name }.map(node)
    let verdict = verdict(subscription, answer, jobs: jobs.count, merges: merges.count)
    return TreeNode(text: "subscription \(subscription.name)  \(verdict)", children: jobs + merges)
  }

  private func verdict(
    _ subscription: WhyEventAnswer.Subscription, _ answer: WhyEventAnswer, jobs: Int, merges: Int
  ) -> String {
    guard subscription.isHandled || jobs + merges > 0 else {
      let offset = answer.event["offset"].flatMap(UInt64.init(jsonValue:)) ?? 0
      let behind = offset - min(offset, subscription.cursor.rawValue)
      return "has not come to it yet, it is \(Brief.count(Int(clamping: behind), "event")) behind: bus subs"
    }
    switch (jobs, merges) {
    case (0, 0): return "asked for no job (or began behind this event)"
    case (let jobs, 0): return Brief.count(jobs, "job")
    case (0, let merges): return "\(merges) merged"
    case (let jobs, let merges): return "\(Brief.count(jobs, "job")), \(merges) merged"
    }
  }

  /// Jobs and merges of subscriptions that are no longer declared, or of none.
  private func strangers(_ answer: WhyEventAnswer) -> [TreeNode] {
    let known = Set(answer.subscriptions.map(\.name))
    let jobs = answer.jobs.filter { $0.wish.cause.subscription.map { !known.contains($0) } ?? true }.map(node)
    let merges = answer.merges.filter { $0.subscription.map { !known.contains($0) } ?? true }.map(node)
    return jobs + merges
  }

  private func node(_ job: Job) -> TreeNode {
    let state = text.paint(JobText.word(job.state), JobText.ink(job.state))
    return TreeNode(text: "job \(job.id) \(JobText.title(job))  \(state), \(text.when(job))")
  }

  private func node(_ merge: WhyEventAnswer.Merge) -> TreeNode {
    TreeNode(text: "merged into job \(merge.job), which waited already: bus why \(merge.job)")
  }
}
