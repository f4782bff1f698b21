internal import GRDB

/// Holds what the workers made against the truth.
struct Check {
  func run() throws {
    let problems = try indexProblems() + chargeProblems()
    for problem in problems.prefix(20) { Terminal.say("WRONG  \(problem)") }
    Terminal.exit(problems.isEmpty ? 0 : 1)
  }

  /// Each user has exactly one document, and it says what the table says.
  private func indexProblems() throws -> [String] {
    let users = try Users().all()
    let index = try SearchIndex()
    let documents = try index.documents()
    var problems: [String] = []
    for user in users where documents[user.id] != [user.name, user.email, SearchIndex.place(of: user)] {
      problems.append("user \(user.id): the index says \(documents[user.id] ?? []), the table \(user)")
    }
    if documents.count != users.count {
      problems.append("\(documents.count) documents for \(users.count) users")
    }
    if users.contains(where: { $0.city == nil }) { problems.append("a user has no city") }
    Terminal.say(
      "search   \(documents.count) documents = \(users.count) users, written by \(try index.runs()) runs; "
        + "\(try index.count(matching: "Turing")) users match \"Turing\"")
    return problems
  }

  /// Each pending invoice was charged once, each cancelled one never, and no payer was charged twice at a time.
  private func chargeProblems() throws -> [String] {
    let invoices = try Invoices()
    return try invoices.database.read { database in
      let counts = try Row.fetchAll(database, sql: "SELECT state, count(*) AS count FROM invoice GROUP BY state")
        .map { "\($0["count"] as Int) \($0["state"] as String)" }
      let twice = try Int.fetchAll(
        database, sql: "SELECT invoice FROM charge GROUP BY invoice HAVING count(*) > 1")
      let pending = try Int.fetchAll(database, sql: "SELECT id FROM invoice WHERE state = 'pending'")
      let wrong = try Int.fetchAll(
        database,
        sql: "SELECT invoice FROM charge WHERE invoice IN (SELECT id FROM invoice WHERE state = 'cancelled')")
      let overlaps = try Int.fetchAll(
        database,
        sql: """
          SELECT a.payer FROM charge a JOIN charge b
          ON a.payer = b.payer AND a.id < b.id AND b.started_at < a.ended_at AND a.started_at < b.ended_at
          """)
      Terminal.say(
        "billing  invoices: \(counts.joined(separator: ", ")); charged twice \(twice.count), "
          + "two at once for one payer \(overlaps.count)")
      return twice.map { "invoice \($0) was charged more than once" }
        + pending.map { "invoice \($0) was not charged" } + wrong.map { "invoice \($0) was cancelled, then charged" }
        + overlaps.map { "payer \($0) was charged twice at a time" }
    }
  }
}
