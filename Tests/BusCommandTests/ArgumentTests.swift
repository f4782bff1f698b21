import ArgumentParser
import BusProtocol
import Testing

@testable import BusCommand

struct ArgumentTests {
  private func job(_ arguments: String...) throws -> NewJob {
    let command = try #require(try BusCommand.parseAsRoot(["enqueue"] + arguments) as? EnqueueCommand)
    return try command.job(id: Sample.id(1), now: Sample.now)
  }

  @Test func `a job is asked for by engine and worker`() throws {
    let plain = try job("search.IndexUser", #"{"userID":42}"#)
    #expect(plain.queue == QueueName(engine: "search", name: "default"))
    #expect(plain.worker == "IndexUser")
    #expect(plain.inputs == ["userID": 42])
    #expect(plain.dueAt == nil && plain.queueLock == nil && plain.cause.source == "bus")
    let full = try job("IndexUser", "--queue", "search/slow", "--in", "10m", "--lock", "42", "--priority", "7")
    #expect(full.queue == QueueName(engine: "search", name: "slow"))
    #expect(full.worker == "IndexUser")
    #expect(full.dueAt == Sample.now + .seconds(600))
    #expect(full.queueLock == "search.IndexUser(42)" && full.priority == 7)
    #expect(try job("search.IndexUser", "--queue", "search/slow").worker == "IndexUser")
    #expect(try job("v1.Charge", "--queue", "billing/slow").worker == "v1.Charge")
    #expect(try job("search.X", "--at", "2026-02-01T00:00:00Z").dueAt == TimeTests.at("2026-02-01T00:00:00Z"))
  }

  @Test func `what cannot be asked for says how it is written`() {
    #expect(throws: CommandError.self) { try job("IndexUser") }
    #expect(throws: CommandError.self) { try job("search.Index User") }
    #expect(throws: CommandError.self) { try job("search.X", "[1]") }
    #expect(throws: CommandError.self) { try job("search.X", "@/nowhere/at-all") }
    #expect(throws: CommandError.self) { try job("search.X", "--at", "#7") }
    let error = #expect(throws: CommandError.self) { try job("search.X", #"{"a":"#) }
    #expect(error?.code == .badData)
    #expect(error?.message == "the inputs of X: JSON does not parse at byte 5: the text ends where a value belongs")
  }

  @Test func `OT6 OT9 X2 a job is asked for with a pause, an expiry and a merge policy`() throws {
    let pausing = try job(
      "s.W", "--lock", "7", "--debounce", "2m", "--expires", "1h", "--on-merge", "merge", "--until-done")
    #expect(pausing.debounce == Debounce(after: .seconds(120), atMost: .seconds(600)) && pausing.dueAt == nil)
    #expect(pausing.expiresAt == Sample.now + .seconds(3720))
    #expect(pausing.onMerge == .merge && pausing.lockUntil == .done)
    #expect(try job("s.W", "--in", "10m", "--expires", "1h").expiresAt == Sample.now + .seconds(4200))
    for wrong in [
      ["--debounce", "2m"], ["--on-merge", "keep"], ["--until-done"], ["--lock", "7", "--on-merge", "append"],
      ["--lock", "7", "--debounce", "2m", "--in", "1m"], ["--expires", "soon"],
    ] {
      #expect(throws: (any Error).self) { try BusCommand.parseAsRoot(["enqueue", "s.W"] + wrong) }
    }
  }

  @Test func `locks are canonical however they are typed`() throws {
    let texts = [
      "42": "s.W(42)", "abc": #"s.W("abc")"#, #""a b",7"#: #"s.W("a b",7)"#, "to_id(7)": "to_id(7)",
      "to_id( 7 , \"x\" )": #"to_id(7,"x")"#, "all()": "all()", "true": "s.W(true)",
    ]
    for (typed, text) in texts { #expect(try LockText.canonical(typed, workerNamespace: "s.W") == text) }
    #expect(throws: CommandError.self) { try LockText.canonical("a b", workerNamespace: "s.W") }
  }

  @Test func `jobs are filtered by words that are checked here`() throws {
    func parameters(_ arguments: String...) throws -> JSONObject {
      let command = try #require(try BusCommand.parseAsRoot(["jobs"] + arguments) as? ListJobs)
      return try command.parameters(now: Sample.now, zone: { _ in 0 })
    }
    #expect(try parameters() == ["limit": 50])
    #expect(
      try parameters("ls", "--state", "dead", "--queue", "a/b", "--since", "1h", "--limit", "3")
        == ["limit": 3, "state": "dead", "queue": "a/b", "since": "2026-01-31T07:30:15.250000Z"])
    let error = #expect(throws: CommandError.self) { try parameters("--state", "daed") }
    #expect(error?.help == "did you mean 'dead'?")
  }

  @Test func `QB6: the words behind bus jobs ls are a filter`() throws {
    func asked(_ arguments: String...) throws -> JSONValue? {
      let command = try #require(try BusCommand.parseAsRoot(["jobs", "ls"] + arguments) as? ListJobs)
      return try command.parameters(now: Sample.now, zone: { _ in 0 })["where"]
    }
    #expect(try asked("queue:charge", "state:dead") == "queue:charge state:dead")
    #expect(try asked("--where", "tries > 3") == "tries > 3")
    #expect(try asked("--where", "tries > 3 or tries == 0", "a", "or", "b") == "(tries > 3 or tries == 0) and (a or b)")
    #expect(try asked() == nil)
    let option = #expect(throws: CommandError.self) { try asked("a", "--where", "tires > 3") }
    #expect(option?.location == "--where, column 1")
    #expect(option?.help.hasPrefix("did you mean 'tries'?") == true)
    let words = #expect(throws: CommandError.self) { try asked("queue:charge", "state:daed") }
    #expect(words?.location == "the words of the filter, column 20")
    #expect(words?.excerpt == ["queue:charge state:daed", "                   ^"])
  }

  @Test func `a tail shows what its filter passes and no excluded topic`() throws {
    func event(_ topic: Topic, _ data: String) -> Event {
      Event(id: Sample.id(1), topic: topic, data: Array(data.utf8), time: Sample.now)
    }
    let passed = try FilterArgument.events("data.id == 42 or time > 1h", option: "--where", now: Sample.now)
    var filter = TailFilter(text: "4", where: passed, excluded: ["debug_*", "trace"])
    let events = [event("user", "{\"id\":42}"), event("debug_x", "{\"id\":42}"), event("user", "{}")]
    #expect(events.map { filter.verdict($0) } == [.show, .skip, .skip])
    let strict = try FilterArgument.events("data.id == 42", option: "--where", now: Sample.now)
    var other = TailFilter(where: strict)
    #expect([event("user", "{\"id\":43}"), event("user", "{\"id\":42}")].map { other.verdict($0) } == [.skip, .show])
  }

  @Test func `the help on filters names every field`() throws {
    let text = try #require(HelpTopic.text(for: ["help", "filters"]))
    let words = Set(text.split { $0 == " " || $0 == "\n" || $0 == "." }.map(String.init))
    for kind in FilterKind.allCases { #expect(Set(kind.fieldNames).subtracting(words).isEmpty) }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(HelpTopic.text(for: ["help", "tail"]) == nil)
  }

  @Test func `what can be asked why`() {
    #expect(WhyCommand.meanings(of: "#184223") == [.event("#184223")])
    #expect(WhyCommand.meanings(of: "184223") == [.event("#184223")])
    #expect(WhyCommand.meanings(of: "01JEXK7QM3T0") == [.job("01JEXK7QM3T0")])
    #expect(WhyCommand.meanings(of: "0193") == [.job("0193")])
    let id = "01JEXK7QM3T0ABCDEFGH012345"
    #expect(WhyCommand.meanings(of: id) == [.job(id), .event(id)])
  }

  @Test func `a tail knows its last event`() {
    func event(_ offset: UInt64, _ data: String = "{}") -> Event {
      var event = Event(id: Sample.id(offset), topic: "t", data: Array(data.utf8), time: Sample.now)
      event.offset = Offset(offset)
      return event
    }
    var counted = TailFilter(text: "x", count: 2)
    #expect([event(1), event(2, "x"), event(3, "x")].map { counted.verdict($0) } == [.skip, .show, .showLast])
    var placed = TailFilter(until: .offset(Offset(2)))
    #expect([event(1), event(2)].map { placed.verdict($0) } == [.show, .showLast])
    var passed = TailFilter(text: "x", until: .offset(Offset(2)))
    #expect([event(1), event(2)].map { passed.verdict($0) } == [.skip, .end])
    var timed = TailFilter(until: .time(Sample.now - .seconds(1)))
    #expect(timed.verdict(event(1)) == .end)
    #expect(TailFilter(until: .offset(Offset(2))).isOver(at: Offset(2)))
    #expect(!TailFilter(until: .offset(Offset(2))).isOver(at: Offset(1)))
    #expect(TailFilter(count: 0).isOver(at: .zero))
  }

  @Test func `an error has three parts and a code, as text and as JSON`() {
    let error = CommandError(.unreachable, "cannot reach busd at x\u{1B}[2J", where: "x", help: "start one with 'busd'")
    #expect(
      error.text == """
        error: cannot reach busd at x\u{FFFD}[2J
          where: x
          help:  start one with 'busd'   [BUS-E0101]

        """)
    #expect(
      error.json == [
        "error": "cannot reach busd at x\u{1B}[2J", "where": "x", "help": "start one with 'busd'",
        "code": "BUS-E0101", "exit": 69,
      ])
    #expect(Set(CommandError.Code.allCases.map(\.rawValue)).count == CommandError.Code.allCases.count)
  }
}
