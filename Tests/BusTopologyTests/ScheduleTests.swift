import BusProtocol
import BusTopology
import Testing

/// The section `schedules` of an engine.
struct ScheduleTests {
  private func parse(_ schedule: String, queues: String = "{ default: {}, charge: {} }") throws -> Topology {
    try Topology(
      parsing: """
        version: 1
        engines:
          billing:
            binary: shop
            queues: \(queues)
            schedules:
              dunning: \(schedule)
        """, file: "t.yaml")
  }

  @Test func `a schedule is read with all it can say`() throws {
    let topology = try parse(
      """
      { cron: "0 8 * * mon-fri", timezone: Europe/Paris, worker: Dunning, queue: charge, overlap: queue,
                catch-up: all, enabled: false, inputs: { limit: 10, dry: true, tag: "7", name: late payers, none: null } }
      """)
    let schedule = try #require(topology.engine("billing")?.schedules.first)
    #expect(schedule.name == "dunning" && schedule.worker == "Dunning" && schedule.queue == "charge")
    #expect(schedule.overlap == .queue && schedule.catchUp == .all && !schedule.isEnabled)
    #expect(
      schedule.inputs == ["limit": 10, "dry": true, "tag": "7", "name": "late payers", "none": .null])
    #expect(schedule.when == "0 8 * * mon-fri Europe/Paris")
    let after = try Timestamp("2026-07-03T12:00:00Z")
    #expect(schedule.rule.next(after: after)?.description == "2026-07-06T06:00:00.000000Z")
    let again = try Topology(parsing: TopologyText.yaml(topology), file: "again.yaml")
    #expect(again.engine("billing")?.schedules.first?.rule == schedule.rule)
    #expect(again.engine("billing")?.schedules.first?.inputs == schedule.inputs)
    #expect(TopologyText.yaml(again) == TopologyText.yaml(topology))
  }

  @Test func `a worker may be named with its engine`() throws {
    for word in ["Dunning", "billing.Dunning"] {
      #expect(try parse("{ every: 5m, worker: \(word) }").engine("billing")?.schedules.first?.worker == "Dunning")
    }
    #expect(try parse("{ every: 5m, worker: other.Dunning }").engine("billing")?.schedules.first?.worker != "Dunning")
  }

  @Test func `a worker that the binary does not declare is an error, and a schedule's queue is used`() throws {
    let topology = try parse("{ every: 5m, worker: Duning, queue: charge }", queues: "{ default: {}, charge: {} }")
    let worker = EngineDeclaration.Worker(name: "Dunning", queue: "default", inputs: [])
    let advice = TopologyCheck.check(
      topology, declarations: [EngineDeclaration(engine: "billing", workers: [worker])])
    #expect(
      advice.map(\.problem) == [
        "schedule billing/dunning is for worker 'Duning', which the binary does not declare"
      ])
    #expect(advice.first?.help == "did you mean 'Dunning'?")
  }

  @Test func `an interval needs nothing else, and the defaults are skip and last`() throws {
    let schedule = try #require(try parse("{ every: 5m, worker: Dunning }").engine("billing")?.schedules.first)
    #expect(schedule.rule == .every(.seconds(300)) && schedule.when == "every 5m")
    #expect(schedule.queue == "default" && schedule.overlap == .skip && schedule.catchUp == .last)
    #expect(schedule.isEnabled && schedule.inputs.members.isEmpty)
  }

  @Test(arguments: [
    ("{ worker: Dunning }", "7:7", "schedule billing/dunning lacks 'cron' or 'every'"),
    (
      "{ cron: \"@daily\", every: 1h, worker: Dunning }", "7:41", "schedule billing/dunning has both 'cron' and 'every'"
    ),
    ("{ cron: \"0 25 * * *\", worker: Dunning }", "7:27", "cron: 25 is no hour"),
    ("{ cron: \"@daily\" }", "7:7", "schedule billing/dunning lacks 'worker'"),
    ("{ every: 1h, timezone: UTC, worker: Dunning }", "7:39", "an interval has no time zone"),
    ("{ every: 10ms, worker: Dunning }", "7:25", "every must be from 1s to 366d, found '10ms'"),
    (
      "{ cron: \"@daily\", timezone: Europe/Pari, worker: D }", "7:44",
      "timezone 'Europe/Pari': there is no such time zone"
    ),
    (
      "{ cron: \"@daily\", timezone: ../passwd, worker: D }", "7:44",
      "timezone '../passwd': this is no name of a time zone"
    ),
    ("{ cron: \"@daily\", timezone: Europe, worker: D }", "7:44", "timezone 'Europe': this is no time zone"),
    (
      "{ every: 1h, worker: D, queue: chargee }", "7:47",
      "schedule billing/dunning uses queue 'chargee', which engine billing does not have"
    ),
    ("{ every: 1h, worker: D, overlap: wait }", "7:49", "overlap must be skip or allow or queue, found 'wait'"),
    ("{ every: 1h, worker: D, catchup: all }", "7:40", "unknown key 'catchup' in schedule billing/dunning"),
  ])
  func `a mistake is told where it is`(text: String, place: String, problem: String) throws {
    let error = #expect(throws: TopologyError.self) { try parse(text) }
    let finding = try #require(error?.findings.first)
    #expect(error?.findings.count == 1)
    #expect(finding.problem == problem)
    #expect("\(finding.line):\(finding.column)" == place)
    #expect(finding.help != nil)
  }

  @Test func `a machine without time zones names the package`() {
    let error = #expect(throws: ScheduleError.self) { try ZoneDirectory(path: "/nowhere").rules(of: "Europe/Paris") }
    #expect(error?.help == "install the package tzdata, or use UTC")
    #expect(throws: Never.self) { try ZoneDirectory(path: "/nowhere").rules(of: "UTC") }
    for name in ["", "/etc/passwd", "Europe/../../etc", ".hidden", "a//b", String(repeating: "a", count: 65)] {
      #expect(throws: ScheduleError.self) { try ZoneDirectory().rules(of: name) }
    }
  }
}
