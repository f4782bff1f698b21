import Bus
import BusProtocol
import Foundation
import Synchronization

/// A busd in a process and a directory of its own, with the processes that work for it; all of it goes with the bed.
final class Bed: Sendable {
  /// What is kept: the spool and the jobs.
  let stateDirectory: String
  private let runtimeDirectory: String
  private let arguments: [String]
  private let daemon: Mutex<ChildProcess>
  private let workers = Mutex<[ChildProcess]>([])

  init(_ sizes: Sizes, arguments: [String] = []) async throws {
    let name = "bus-bench-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    // A socket's path has at most 107 bytes, whatever disk is measured.
    (stateDirectory, runtimeDirectory) = ("\(sizes.directory)/\(name)", "/tmp/\(name)-run")
    self.arguments = arguments
    try FileManager.default.createDirectory(atPath: runtimeDirectory, withIntermediateDirectories: true)
    let environment = Bed.environment(stateDirectory, runtimeDirectory)
    daemon = Mutex(try await ChildProcess("busd", arguments, environment, ready: "busd ready"))
  }

  deinit {
    for worker in workers.withLock({ $0 }) { worker.kill() }
    daemon.withLock { $0.kill() }
    for directory in [stateDirectory, runtimeDirectory] {
      do { try FileManager.default.removeItem(atPath: directory) } catch { Report.progress("\(error)") }
    }
  }

  private static func environment(_ state: String, _ runtime: String) -> [String: String] {
    ["BUS_STATE_DIR": state, "BUS_RUNTIME_DIR": runtime, "BUS_SERVICE": "bench"]
  }

  func configuration() throws -> BusConfiguration {
    try BusConfiguration(environment: Bed.environment(stateDirectory, runtimeDirectory))
  }

  func client() throws -> BusClient { try BusClient(configuration()) }

  func tool() throws -> ToolConnection { try ToolConnection(configuration(), logger: Logger(label: "bench")) }

  var busd: ProcessFacts { ProcessFacts(daemon.withLock { $0.id }) }

  /// busd and all that work for it.
  var processes: [ProcessFacts] { [busd] + workers.withLock { $0.map { ProcessFacts($0.id) } } }

  /// How many jobs a worker process runs at once.
  static let slots = 10

  /// Starts processes of the engine `bench`, and returns when one has run a job and busd has the hands of all.
  func startWorkers(_ count: Int, subscriptions: Int = 0, _ client: BusClient, _ tool: ToolConnection) async throws {
    var environment = Bed.environment(stateDirectory, runtimeDirectory)
    environment["BUS_CONCURRENCY"] = String(Bed.slots)
    let before = workers.withLock { $0.count }
    for number in before..<before + count {
      let arguments = ["worker", "--number", String(number), "--subscriptions", String(subscriptions)]
      let worker = try await ChildProcess("BusBench", arguments, environment, ready: WorkerCommand.ready)
      workers.withLock { $0.append(worker) }
    }
    // A queue is there from its first job on.
    _ = try await client.enqueue(NoOp(number: -1), engine: Bed.queue.engine)
    try await untilDone(1, tool)
    try await untilHands(Bed.slots * (before + count), tool)
  }

  /// Kills busd as a crash would, and starts another one in its place; returns when it says that it is ready.
  func crash() async throws {
    daemon.withLock { $0.kill() }
    let next = try await ChildProcess(
      "busd", arguments, Bed.environment(stateDirectory, runtimeDirectory), ready: "busd ready")
    daemon.withLock { $0 = next }
  }

  /// What the files below a part of the state take of the disk.
  func byteCount(of part: String) throws -> Int {
    let directory = "\(stateDirectory)/\(part)"
    return try FileManager.default.subpathsOfDirectory(atPath: directory).reduce(0) { sum, path in
      var facts = stat()
      // One that went meanwhile takes nothing.
      return stat("\(directory)/\(path)", &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
        ? sum + Int(facts.st_blocks) * 512 : sum
    }
  }
}
