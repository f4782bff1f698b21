import BusProtocol
import BusStore
import BusTesting
import Testing

/// One language, two ways to decide: SQLite's and Swift's must agree.
struct FilterSQLTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `random filters pass the same jobs in SQLite and in Swift`(seed: UInt64) throws {
    var chance = FilterChance(seed)
    let bench = try JobStoreBench { [directory] in try SQLiteJobStore(path: directory.store, random: $0) }
    try chance.fill(bench, count: 120)
    let jobs = try bench.store.jobs(JobFilter(limit: 10_000))
    #expect(Set(jobs.map(\.state)).count >= 7)
    var (some, all) = (0, 0)
    for _ in 0..<400 {
      let text = chance.filter(depth: 3)
      let filter = try Filter(text).bound(to: .jobs, at: bench.now)
      let expected = jobs.filter { filter.matches(JobSubject($0)) }.map(\.id)
      let found = try bench.store.jobs(JobFilter(where: filter, limit: 10_000)).map(\.id)
      #expect(found == expected, "seed \(seed): \(text)")
      if !expected.isEmpty { all += 1 }
      if !expected.isEmpty, expected.count < jobs.count { some += 1 }
    }
    // Filters that pass all or nothing prove little.
    #expect(some > 130, "\(some) of \(all)")
  }

  @Test func `a filter joins the other conditions`() throws {
    let bench = try JobStoreBench { [directory] in try SQLiteJobStore(path: directory.store, random: $0) }
    let ids = try (0..<10).map { _ in try bench.enqueue(bench.wish()).job }
    let odd = try Filter("args.n in (2, 4, 6)").bound(to: .jobs, at: nil)
    let found = try bench.store.jobs(JobFilter(state: .ready, where: odd, limit: 2, sort: .oldest))
    #expect(found.map(\.id) == [ids[1], ids[3]])
    #expect(try bench.store.jobs(JobFilter(state: .done, where: odd)).isEmpty)
    #expect(try bench.store.jobs(JobFilter(where: Filter("state:done").bound(to: .jobs, at: nil))).isEmpty)
  }

  @Test func `an input is found in a large table, also when rows came and went`() throws {
    let bench = try JobStoreBench { [directory] in try SQLiteJobStore(path: directory.store, random: $0) }
    func enqueue(_ numbers: Range<Int>) throws {
      let wishes = numbers.map { number in
        var wish = bench.wish()
        let name = JSONValue.string("a\"\(number)")
        wish.inputs = ["n": number.jsonValue, "of": ["name": name, "list": [[:], ["half": .double(Double(number))]]]]
        return wish
      }
      _ = try bench.one(.enqueue(wishes))
    }
    func found(_ text: String) throws -> [Int] {
      let filter = try Filter(text).bound(to: .jobs, at: nil)
      return try bench.store.jobs(JobFilter(where: filter)).compactMap {
        $0.wish.inputs["n"].flatMap(Int.init(jsonValue:))
      }
    }
    func check(_ number: Int, isThere: Bool = true) throws {
      let expected = isThere ? [number] : []
      #expect(try found("args.n == \(number)") == expected)
      #expect(try found("args.n:\(number) args.of.name:'a\"\(number)'") == expected)
      #expect(try found("args.of.list[1].half:\(number)") == expected)
      #expect(try found("args.of.list[1].half == \(number).0") == expected)
      #expect(try found("args.of.name in ('x', 'a\"\(number)') not state:dead") == expected)
    }
    try enqueue(1..<3000)
    for number in [1, 2, 340, 341, 342, 1500, 2998, 2999] { try check(number) }
    try check(3000, isThere: false)
    // The youngest go, and their rows' numbers come again with other inputs.
    while case let runs = try bench.claim(1000), !runs.isEmpty {
      _ = try bench.one(.finish(runs.map { JobResult(id: $0.id, token: $0.token, outcome: .done) }))
    }
    try check(2999)
    bench.now = bench.now + .seconds(100)
    _ = try bench.one(.prune(HistoryRetention(age: .seconds(10), maximumCount: 10_000), limit: 10_000))
    #expect(try bench.store.jobs(JobFilter()).isEmpty)
    try enqueue(5000..<8000)
    for number in [5000, 5340, 6000, 7999] { try check(number) }
    try check(2999, isThere: false)
  }

  @Test func `what a filter says never becomes SQL`() throws {
    let bench = try JobStoreBench { [directory] in try SQLiteJobStore(path: directory.store, random: $0) }
    try bench.enqueue(bench.wish())
    for text in [
      "worker == \"x' OR '1'='1\"", "args.n == \"') OR 1=1 --\"", "lock:\"'; DROP TABLE job; --\"", "\"' OR ''='\"",
      "worker ~ \"x' OR 1 OR '\"", "args.$@-_.n == 1",
    ] {
      #expect(try bench.store.jobs(JobFilter(where: Filter(text).bound(to: .jobs, at: nil))).isEmpty, "\(text)")
    }
    #expect(try bench.store.jobs(JobFilter()).count == 1)
  }

  @Test func `the largest filter is no burden for SQLite`() throws {
    let bench = try JobStoreBench { [directory] in try SQLiteJobStore(path: directory.store, random: $0) }
    let id = try bench.enqueue(bench.wish()).job
    for text in [
      (0..<256).map { "a:\($0)" }.joined(separator: " or ").replacing("a:", with: "args.a:"),
      (0..<256).map { "not tries:\($0 + 1)" }.joined(separator: " and ").replacing(" and ", with: " "),
      String(repeating: "not (not (", count: 15) + "args.n < 5" + String(repeating: "))", count: 15),
    ] {
      let filter = try Filter(text).bound(to: .jobs, at: nil)
      let found = try bench.store.jobs(JobFilter(where: filter)).map(\.id)
      #expect(found == (filter.matches(JobSubject(try bench.job(id))) ? [id] : []))
    }
  }
}

/// Random jobs and filters that have something to do with each other.
struct FilterChance: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

  // MARK: Jobs

  static let queues = ["shop/default", "shop/charge", "mail/default"]
  static let texts = [
    "42", "a", "é", "e\u{301}", "x*y", "[a]", "a?b", "\"q\"", "\\", "null", "true", "a\nb", "", "Z", "shop",
  ]

  private mutating func value(_ depth: Int) -> JSONValue {
    switch below(depth > 0 ? 11 : 8) {
    case 0: .null
    case 1: .bool(below(2) == 0)
    case 2, 3: .integer(pick([0, 1, 42, -7, 9_007_199_254_740_993, .max, .min, 1_000_000_000_000_000_000]))
    case 4: .unsigned(pick([9_223_372_036_854_775_808, .max]))
    case 5: .double(pick([0.5, 42, -0.0, -7.25, 1e300, 9_007_199_254_740_992, 1e18]))
    case 6, 7: .string(pick(FilterChance.texts))
    case 8: .array((0..<below(3)).map { _ in value(depth - 1) })
    default: .object(object(depth - 1))
    }
  }

  private mutating func object(_ depth: Int) -> JSONObject {
    let keys = ["n", "user_id", "a-b", "K"].filter { _ in below(2) == 0 }
    return JSONObject(keys.map { JSONObject.Member($0, value(depth)) })
  }

  private mutating func wish(_ bench: JobStoreBench) throws -> NewJob {
    let event: EventID? = below(2) == 0 ? bench.newID() : nil
    let cause = JobCause(
      event: event, offset: event.map { _ in Offset(UInt64(below(100))) },
      topic: event == nil ? nil : pick(["user_changed", "order_paid"]),
      subscription: event == nil ? nil : try SubscriptionName("shop/\(pick(["default", "index"]))"),
      job: below(4) == 0 ? bench.newID() : nil, correlation: below(3) == 0 ? bench.newID() : nil,
      context: below(3) == 0 ? object(1) : nil, source: below(3) == 0 ? pick(["shop/web", "a"]) : nil)
    var wish = bench.wish(
      pick(["Work", "Charge", "Mail"]), in: try QueueName(pick(FilterChance.queues)),
      queueLock: below(3) == 0 ? "k:\(below(1000))" : nil, workerLock: below(4) == 0 ? "w:\(below(5))" : nil,
      priority: below(5) - 2, dueIn: below(6) == 0 ? .seconds(below(7200)) : nil, cause: cause)
    wish.inputs = object(3)
    return wish
  }

  /// Jobs in all kinds of states.
  mutating func fill(_ bench: JobStoreBench, count: Int) throws {
    for _ in 0..<count {
      bench.now = bench.now + .seconds(below(60))
      try bench.enqueue(try wish(bench))
    }
    let sources = try FilterChance.queues.map { Claim.Source(try QueueName($0)) }
    for run in try bench.claim(count / 2, from: sources, process: "shop.1@web:1") {
      bench.now = bench.now + .seconds(1)
      switch below(6) {
      case 0: break
      case 1: try bench.finish(run, .notNeeded)
      case 2: try bench.finish(run, .dead(error: pick(["timeout", "connection refused"])))
      case 3: try bench.finish(run, .failed(error: "timeout", retryAfter: .seconds(below(100))))
      case 4: try bench.finish(run, .unknownWorker)
      default: try bench.finish(run, .done)
      }
    }
  }

  // MARK: Filters

  mutating func filter(depth: Int) -> String {
    switch depth > 0 ? below(10) : 9 {
    case 0, 1: "(\(filter(depth: depth - 1)) and \(filter(depth: depth - 1)))"
    case 2, 3: "(\(filter(depth: depth - 1)) or \(filter(depth: depth - 1)))"
    case 4, 5: "not (\(filter(depth: depth - 1)))"
    default: test()
    }
  }

  private mutating func test() -> String {
    switch below(8) {
    case 0, 1, 2: json()
    case 3:
      "\(pick(["queue", "state", "subscription"])) \(pick(["~", "!~"])) '\(pick(["*", "shop/*", "*default", "d*", "[a]*"]))'"
    case 4:
      pick([
        "queue:charge", "queue:shop/*", "state:done", "state != 'ready'", "engine:mail", "state in ('dead', 'parked')",
      ])
    case 5: "\(pick(["tries", "priority", "offset", "merges"])) \(order()) \(pick(["0", "1", "-1", "0.5", "50"]))"
    case 6:
      "\(pick(["enqueued_at", "due_at", "started_at", "finished_at"])) \(order()) \(pick(["30m", "+10m", "0s", "1m", "3s"]))"
    default: other()
    }
  }

  private mutating func other() -> String {
    let text = literal(pick(FilterChance.texts))
    return switch below(6) {
    case 0:
      "has(\(pick(["due_at", "event", "lock", "worker_lock", "reason", "error", "context", "inputs", "process", "queue"])))"
    case 1:
      "\(pick(["worker", "reason", "error", "lock", "worker_lock", "source", "topic", "process"])) ~ '\(pick(["*", "*o*", "w:*", "k:1*", "Work"]))'"
    case 2: "\(pick(["worker", "error", "lock", "topic"])) \(order()) \(pick(["'Work'", "'timeout'", "'k:5'", text]))"
    case 3: pick([text, "'shop'", "charge", "'\"n\":42'", "refused", "w:"]).replacing("w:", with: "'w:'")
    case 4:
      "\(pick(["event", "id", "parent", "correlation"])) ~ '\(pick(["0", "01*", "7Z*", "*", "01HF7YAT00*", "8"]))'"
    default: "\(pick(["event", "id"])) != '01HF7YAT007000000000000001'"
    }
  }

  private mutating func json() -> String {
    let path =
      pick(["args", "inputs", "context"]) + pick([".n", ".user_id", ".a-b", ".K", ".n[0]", ".n.K", ".n[1].n", ".gone"])
    let text = pick(FilterChance.texts)
    let number = pick([
      "42", "0", "-7", "42.0", "0.5", "-7.25", "9007199254740993", "9007199254740992.0", "9223372036854775807", "1e18",
    ])
    return switch below(7) {
    case 0: "\(path) \(pick(["==", "!="])) \(pick([number, literal(text), "null", "true", "false"]))"
    case 1: "\(path) \(order()) \(number)"
    case 2: "\(path) \(pick(["<", "<=", ">", ">="])) \(literal(text))"
    case 3: "\(path) ~ \(pick([literal(text), "'*'", "'a*'", "'*[a]*'", "'x\\u{2a}y'", "'a?*'"]))"
    case 4: "has(\(path))"
    case 5: "\(path):\(pick(["42", "0", "true", "null", "a", "0.5", "-7", "x*", "é"]))"
    default: "\(path) \(pick(["in", "not in"])) (\(number), \(literal(text)), null)"
    }
  }

  private mutating func order() -> String { pick(["==", "!=", "<", "<=", ">", ">="]) }

  private func literal(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
