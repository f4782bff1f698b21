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
      .stopping(pid: 7), .killing(pid: 7), .stopped(.exited(0)), .failed(.exited(78)),
    ]
    #expect(
      texts.map(\.description) == [
        "started (pid 7)", "ready in 212 ms (pid 7)", "exited 134 after 2h3m, restarting now",
        "was killed by signal 9 after 20 ms, restart 3 in 1.1 s",
        "could not be started: no such file after 0 ms, restart 1 in 500 ms", "told to end (pid 7)", "killing (pid 7)",
        "ended: exited 0", "exited 78 before it was ready",
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

  @Test func `a topology's processes are named by engine and slot`() throws {
    let all = try EngineProcesses.definitions(Self.topology, places: Self.places)
    #expect(all.map(\.name) == ["account.1", "account.2", "search.1"])
    #expect(all[1].environment == ["A": "b", "BUS_SLOT": "2", "BUS_CONCURRENCY": "4", "BUS_SHUTDOWN": "9.0"])
    #expect(all[1].executable == "/bin/true")
    #expect(all[1].grace == .seconds(9) + EngineProcesses.goodbyeTime)
    #expect(all[2].arguments == ["search"])
    let some = try EngineProcesses.definitions(Self.topology, engines: ["search"], places: Self.places)
    #expect(some.map(\.name) == ["search.1"])
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
