internal import BusProtocol

/// How many runs queue locks saved.
struct LockLedger {
  /// What one lock saved of one worker; of locks that are not kept one by one the sum.
  struct Saving: Equatable {
    var lock: String
    var worker: String
    var saved: Int
    var since: Timestamp
    var last: Timestamp
    /// Of how many locks it is the sum.
    var locks = 1

    init(json: JSONValue) throws(ProtocolError) {
      let members = try json.members("ledger")
      lock = try members.string("lock")
      worker = try members.string("worker")
      saved = try members.optional("saved") ?? 0
      since = try Timestamp(try members.string("since"))
      last = try Timestamp(try members.string("last"))
    }

    func json(byWorker: Bool) -> JSONValue {
      var object = JSONObject()
      if !byWorker { object["lock"] = .string(lock) }
      object["worker"] = .string(worker)
      object.set("saved", saved)
      object.set("since", since.description)
      object.set("last", last.description)
      return .object(object)
    }
  }

  var time: TimeText
  var paint: Paint
  var columns: Int?

  /// The sums of the workers, the largest first.
  static func byWorker(_ savings: [Saving]) -> [Saving] {
    var sums: [String: Saving] = [:]
    for saving in savings {
      guard var sum = sums[saving.worker] else {
        sums[saving.worker] = saving
        continue
      }
      sum.saved += saving.saved
      sum.locks += saving.locks
      (sum.since, sum.last) = (min(sum.since, saving.since), max(sum.last, saving.last))
      sums[saving.worker] = sum
    }
    return sums.values.sorted { ($1.saved, $0.worker) < ($0.saved, $1.worker) }
  }

  /// The table of `bus locks saved`.
  func lines(_ savings: [Saving], byWorker: Bool) -> [String] {
    var titles: [(String, Columns.Alignment)] = [("SAVED", .right), ("WORKER", .left)]
    if !byWorker { titles.append(("LOCK", .left)) }
    var table = Columns(titles + [("SINCE", .left), ("LAST", .left)])
    for saving in savings {
      var cells: [Columns.Cell] = [.init("\(saving.saved)"), .init(Printable.line(saving.worker))]
      if !byWorker { cells.append(.init(saving.lock.isEmpty ? "(others)" : Printable.line(saving.lock))) }
      table.add(cells + [.init(time(saving.since)), .init(time.relative(saving.last))])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}

/// One lock with all who have to do with it.
struct LockDetails {
  var text: JobText

  private var time: TimeText { text.time }

  private static let toldMerges = 20

  /// The lines of `bus locks show`.
  func lines(_ json: JSONValue) throws(ProtocolError) -> [String] {
    let answer = try json.members("lock")
    let holders = try Self.jobs(answer, "holders")
    let waiting = try Self.jobs(answer, "waiting")
    var lines = [text.paint(Printable.line(try answer.string("lock")), .bold)]
    for job in holders {
      let place = job.process.map { " on \(Printable.line($0))" } ?? ""
      lines.append("  held by  \(JobText.worker(job)) \(job.id), running \(text.when(job))\(place)")
    }
    if let keeper = try answer.optionalValue("keeper").map({ (json) throws(ProtocolError) in try Job(json: json) }) {
      lines.append(
        "  kept by  \(JobText.worker(keeper)) \(keeper.id), \(keeper.state.rawValue): later wishes become part of it")
    }
    let count: Int = try answer.optional("waiting_count") ?? waiting.count
    if count > 0 { lines.append("  waiting  \(Brief.count(count, "job")), in the order in which they go:") }
    lines += waiting.map { "    \($0.id)  \(JobText.title($0))  \(text.when($0))" }
    if count > waiting.count { lines.append("    and \(count - waiting.count) more") }
    for saving in try answer.list("ledger", { (json) throws(ProtocolError) in try LockLedger.Saving(json: json) }) {
      let runs = Brief.count(saving.saved, "run")
      lines.append("  saved    \(runs) of \(Printable.line(saving.worker)) since \(time(saving.since))")
    }
    let merges = try answer.list("merges") { $0 }
    lines += merges.prefix(Self.toldMerges).map { "  merged   \(WishText(time: time).words($0))" }
    if let job = holders.first { lines.append("  next     bus why \(job.id), bus jobs cancel \(job.id)") }
    return lines
  }

  private static func jobs(_ answer: JSONMembers, _ key: String) throws(ProtocolError) -> [Job] {
    try answer.list(key) { (json) throws(ProtocolError) in try Job(json: json) }
  }
}

/// A wish that became part of a job, in few words.
struct WishText {
  var time: TimeText

  /// `the enqueue of search/user_index for event #184224 08:27:03.100Z`.
  func words(_ json: JSONValue) -> String {
    let offset = json["offset"].flatMap(UInt64.init(jsonValue:)).map { Offset($0).description }
    let event = json["event"].flatMap(String.init(jsonValue:))
    let subscription = json["subscription"].flatMap(String.init(jsonValue:))
    let at = json["at"].flatMap(String.init(jsonValue:)).flatMap { try? Timestamp($0) }
    let words = [
      "the enqueue", subscription.map { "of \($0)" }, (offset ?? event).map { "for event \($0)" }, at.map { time($0) },
    ]
    return Printable.line(words.compactMap(\.self).joined(separator: " "))
  }
}
