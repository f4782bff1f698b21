import Bus
import BusProtocol
import BusSupervisor
import Foundation
import Synchronization
import Testing

/// `bus work` with the fixture's engine at a site, seen over its control.
struct Crew {
  let site: Site
  let work: Program
  let view: View

  /// Starts busd and so many processes of the engine, and waits until they are ready.
  init(_ site: Site, processes: Int, workers: String = "concurrency: 2, shutdown: 20s", _ arguments: [String] = [])
    async throws
  {
    let link = "\(site.directory)/fixture"
    if symlink(Program.path(of: "BusFixture"), link) != 0, errno != EEXIST { throw POSIXError(.EIO) }
    let file = try site.write(
      """
      version: 1
      engines:
        fixture:
          binary: \(link)
          arguments: [engine]
          workers: { processes: \(processes), \(workers) }
      """, to: "topology.yaml")
    try await site.startBusd(["--topology", file])
    self.init(
      site,
      work: try site.start(
        "bus", ["work", "--topology", file, "--endpoint", "ipc://\(site.directory)/run/busd.requests.ipc"] + arguments))
    try await waitUntil("they are ready") { $0.count == processes && $0.allSatisfy { $0.state == "ready" } }
  }

  /// A `bus work` that was started elsewhere.
  init(_ site: Site, work: Program) {
    self.site = site
    self.work = work
    view = View(control: ControlServer.path(directory: "\(site.directory)/run", name: "work"))
  }

  /// One process as its supervisor counts it.
  struct Process: Sendable, Equatable {
    let name: String
    let state: String
    let pid: Int32?
    let restarts: Int
  }

  /// What a supervisor says.
  struct View: Sendable {
    let control: String

    /// Each process.
    func processes() async throws -> [Process] {
      var all: [Process] = []
      for try await line in ControlClient.ask(control, .processes, seconds: 20) {
        guard let name = line["process"].flatMap(String.init(jsonValue:)) else { continue }
        all.append(
          Process(
            name: name, state: line["state"].flatMap(String.init(jsonValue:)) ?? "",
            pid: line["pid"].flatMap(Int32.init(jsonValue:)),
            restarts: line["restarts"].flatMap(Int.init(jsonValue:)) ?? 0))
      }
      return all
    }
  }

  func processes() async throws -> [Process] { try await view.processes() }

  /// Waits until the processes are as the condition has it.
  func waitUntil(
    within limit: Duration = .seconds(60), _ fact: String, _ condition: @escaping ([Process]) -> Bool
  ) async throws {
    try await eventually(within: limit, "\(fact): \(work.text)") {
      // Before the supervisor listens, and after it has ended, there is nobody to ask.
      do { return condition(try await processes()) } catch is SupervisorError { return false }
    }
  }

  /// Ends all of it in order.
  func end() async throws {
    work.signal(SIGTERM)
    #expect(try await work.end() == 0)
  }
}
