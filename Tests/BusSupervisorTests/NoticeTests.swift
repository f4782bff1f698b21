import BusProtocol
import BusTopology
import Testing

@testable import BusSupervisor

struct NoticeTests {
  @Test func `a notice reads like a sentence`() {
    let texts: [SupervisorNotice] = [
      .started(pid: 7), .ready(pid: 7, after: .milliseconds(212)),
      .restarting(.exited(134), uptime: .seconds(7380), failures: 0, delay: .zero),
      .restarting(.signaled(9), uptime: .milliseconds(20), failures: 3, delay: .milliseconds(1125)),
      .restarting(.notStarted(reason: "no such file"), uptime: .zero, failures: 1, delay: .milliseconds(500)),
      .stopping(pid: 7), .killing(pid: 7), .stopped(.exited(0)), .failed(.exited(78)), .draining(pid: 7),
      .stuck(pid: 7, silentFor: .seconds(60), status: "3 jobs"), .worn(.tooOld(.seconds(90_000))),
      .worn(.tooLarge(600 << 20)), .takingBack(.ended(process: "a.3", .exited(134), tries: 3)),
      .takingBack(.late(process: "a.3", .seconds(30))), .late(pid: 7, after: .seconds(60)),
      .looping(.exited(3), failures: 5), .recovered, .worn(.tooBusy(9_500)),
      .scaled(from: 2, to: 4, latency: .seconds(7)), .scaled(from: 4, to: 3, latency: .zero),
    ]
    #expect(
      texts.map(\.description) == [
        "started (pid 7)", "ready in 212 ms (pid 7)", "exited 134 after 2h3m, restarting now",
        "was killed by signal 9 after 20 ms, restart 3 in 1.1 s",
        "could not be started: no such file after 0 ms, restart 1 in 500 ms", "told to end (pid 7)", "killing (pid 7)",
        "ended: exited 0", "exited 78 before it was ready", "finishing its work (pid 7)",
        "stuck: not heard for 1m, last: 3 jobs; aborting (pid 7)", "runs for 1d1h, is replaced",
        "has 600 MiB of memory, is replaced",
        "upgrade is taken back: a.3 exited 134 before it was ready (3 tries)",
        "upgrade is taken back: a.3 was not ready after 30 s", "not ready after 1m; aborting (pid 7)",
        "does not stay up: 5 starts in a row failed, the last exited 3", "stays up again",
        "has done 9500 jobs, is replaced", "4 processes instead of 2: a job has waited for 7 s",
        "3 processes instead of 4: no job waits long",
      ])
  }

  static let topology = Topology(
    engines: [
      EngineDefinition(
        name: "account", binary: "true",
        workers: WorkersDefinition(processes: 2, concurrency: 4, shutdown: .seconds(9), environment: ["A": "b"])),
      EngineDefinition(name: "search", binary: "true", arguments: ["search"]),
      EngineDefinition(name: "idle", binary: "nowhere", workers: WorkersDefinition(processes: 0)),
    ])

  static let places = BinaryPlaces(program: nil, topologyFile: nil, path: "/nowhere:/bin")

  @Test func `a topology's programs are named by their engines`() throws {
    let all = try EngineProcesses.definitions(Self.topology, places: Self.places)
    #expect(all.map(\.name) == ["account", "search", "idle"])
    #expect(all.map(\.count) == [2, 1, 0])
    #expect(all[0].environment == ["A": "b", "BUS_CONCURRENCY": "4", "BUS_SHUTDOWN": "9.0"])
    #expect(all[0].executable == "/bin/true")
    #expect(all[0].grace == .seconds(9) + EngineProcesses.goodbyeTime)
    #expect(all[0].readiness == .message)
    #expect(all[1].arguments == ["search"])
    #expect(all[2].executable == "/nowhere/nowhere", "what has no process need not be there yet")
    let some = try EngineProcesses.definitions(Self.topology, engines: ["search"], places: Self.places)
    #expect(some.map(\.name) == ["search"])
  }

  @Test func `a topology says how processes are watched and replaced`() throws {
    var workers = WorkersDefinition()
    workers.ready = .seconds(2)
    workers.watchdog = .seconds(60)
    workers.niceness = 5
    workers.recycling = RecyclingDefinition(age: .seconds(3600), memory: ByteCount(bytes: 1 << 20), jobs: 7)
    workers.start = .seconds(30)
    workers.autoscaling = AutoscaleDefinition(maximum: 9, latency: .seconds(2), calm: .seconds(3))
    let topology = Topology(engines: [EngineDefinition(name: "a", binary: "true", workers: workers)])
    let definition = try #require(try EngineProcesses.definitions(topology, places: Self.places).first)
    #expect(definition.readiness == .after(.seconds(2)))
    #expect(definition.watchdog == .seconds(60))
    #expect(definition.niceness == 5)
    #expect(definition.recycling == Recycling(age: .seconds(3600), memory: 1 << 20, jobs: 7))
    #expect(definition.startLimit == .seconds(30))
    #expect(definition.autoscaling == Autoscaling(maximum: 9, latency: .seconds(2), calm: .seconds(3)))
  }

  @Test func `an engine that is not there is refused with those that are`() {
    let error = #expect(throws: SupervisorError.self) {
      try EngineProcesses.definitions(Self.topology, engines: ["serach"], places: Self.places)
    }
    #expect(error?.description == "the topology has no engine 'serach'; it has: account, search, idle")
  }

  @Test func `a program is looked for beside bus, by the file, and in PATH`() {
    let places = BinaryPlaces(program: "/opt/bus/bus", topologyFile: "Topology/shop.yaml", path: "/bin:/usr/bin")
    #expect(places.candidates("shop") == ["/opt/bus/shop", "Topology/shop", "/bin/shop", "/usr/bin/shop"])
    #expect(places.candidates("a/shop") == ["/opt/bus/a/shop", "Topology/a/shop", "./a/shop"])
    #expect(places.candidates("/x/shop") == ["/x/shop"])
    #expect(
      BinaryPlaces(program: "/bus", topologyFile: "shop.yaml", path: nil).candidates("shop") == ["//shop", "./shop"])
    let error = #expect(throws: SupervisorError.self) { try Self.places.find("no-such") }
    #expect(error?.message == "no program 'no-such' at /nowhere/no-such, /bin/no-such")
  }
}
