internal import BusProtocol
internal import BusSigning
internal import BusTopology

/// Something that somebody may not do.
struct Denial: Error, Equatable {
  /// `account publish order_paid`.
  var line: String
  /// What the rules say.
  var reason: String
  /// What would allow it.
  var help: String
}

/// One principal under the rules of a moment: what each request asks of them. Pure.
struct Guarded: Sendable {
  /// nil for who is nobody any more: it may nothing.
  let principal: Name?
  let permissions: Permissions
  /// Whose signatures are known.
  var signers = Signers()

  /// Questions about one job whose id is known: for those who make or work jobs.
  static let questionsOfJobs: Set<String> = ["wait", "job", "lines", "batch"]
  /// Questions that everybody may ask who may come in.
  static let openQuestions: Set<String> = ["status", "offset"]

  /// Refuses what one of the request's names is not allowed for. Records are looked at by ``denial(ofRecords:in:)``.
  func check(_ request: Request) throws(Denial) {
    switch request {
    case .publish(_, let publication, _): try demandUnsigned(publication.topic)
    case .announce(_, let announcement): try demandUnsigned(announcement.topic)
    case .withdraw: try demandAny(.publish)
    case .read(_, _, let patterns, _): try check(reading: patterns)
    case .subscribe(_, let wishes, let schedules): try check(wishes, schedules ?? [])
    case .commit(_, let commit):
      try demand(.work, "\(commit.subscription)")
      try check(commit.jobs)
    case .enqueue(_, let jobs): try check(jobs)
    case .enqueueGroup(_, let group): try check(group.all)
    case .hands(let hands): for queue in hands.queues { try demand(.work, "\(queue)") }
    case .finish, .note: try demandAny(.work)
    case .ask(_, let about, let parameters): try check(asking: about, parameters)
    case .change(_, let what, _): try demand(.admin, what)
    // Records are looked at one by one; and whoever has a session may keep it, with what it was allowed to hold.
    case .carry, .hello, .beat, .bye: break
    }
  }

  /// Whether it may, for names of which there are many.
  func allows(_ right: Right, _ name: String) -> Bool {
    principal.map { permissions.allows($0, right, name) } ?? false
  }

  /// Refuses what is not allowed for a name.
  func demand(_ right: Right, _ name: String) throws(Denial) {
    if let denial = denial(right, name) { throw denial }
  }

  /// Why it may not; nil when it may.
  func denial(_ right: Right, _ name: String) -> Denial? {
    guard let principal else {
      return Denial(line: "nobody \(right.rawValue) \(name)", reason: "its key was removed", help: "say hello again")
    }
    guard case .denied(let reason, let help) = permissions.decide(principal, right, name) else { return nil }
    return Denial(line: "\(principal) \(right.rawValue) \(name)", reason: reason, help: help)
  }

  private func demandAny(_ right: Right) throws(Denial) {
    if let principal, permissions.hasAny(principal, right) { return }
    try demand(right, "*")
  }

  /// A topic by its name has to be allowed; of a pattern those topics are left out that are not.
  private func check(reading patterns: [TopicPattern]) throws(Denial) {
    try demandAny(.subscribe)
    for pattern in patterns where !pattern.text.utf8.contains(UInt8(ascii: "*")) {
      try demand(.subscribe, pattern.text)
    }
  }

  private func check(_ wishes: [SubscriptionWish], _ schedules: [ScheduleWish]) throws(Denial) {
    for wish in wishes where !wish.isLeaving {
      try demand(.work, "\(wish.name)")
      for pattern in wish.patterns { try demand(.subscribe, pattern.text) }
    }
    for schedule in schedules {
      try demand(.work, "\(schedule.name)")
      try demand(.enqueue, "\(schedule.job.queue)")
    }
  }

  private func check(_ jobs: [NewJob]) throws(Denial) {
    var last: QueueName?
    for job in jobs where job.queue != last {
      try demand(.enqueue, "\(job.queue)")
      last = job.queue
    }
  }

  private func check(asking about: String, _ parameters: JSONObject) throws(Denial) {
    if let principal, Guarded.openQuestions.contains(about), permissions.knows(principal) { return }
    if let principal, about == "access", parameters["principal"] == .string(principal.text) { return }
    if Guarded.questionsOfJobs.contains(about), let principal, namesWholeJob(parameters),
      permissions.hasAny(principal, .enqueue) || permissions.hasAny(principal, .work)
    {
      return
    }
    try demand(.admin, about)
  }

  /// The beginning of an id would find jobs of others.
  private func namesWholeJob(_ parameters: JSONObject) -> Bool {
    guard case .string(let text)? = parameters["job"] ?? parameters["id"] else { return false }
    return text.utf8.count == 26
  }
}
