import Bus
import BusProtocol
import Foundation
import Logging
import Testing

/// A directory of its own with a busd in it, as a test needs it.
final class Site {
  let directory: String
  private(set) var busd: Program?

  init() throws {
    // Short: the path of an ipc socket has at most 107 bytes.
    directory = "/tmp/bus-e2e-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit {
    busd?.signal(SIGKILL)
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// The topology that is shipped.
  static let shopTopology = URL(filePath: #filePath).appending(path: "../../../Topology/shop.yaml").standardized.path

  var environment: [String: String] {
    [
      "BUS_STATE_DIR": "\(directory)/state", "BUS_RUNTIME_DIR": "\(directory)/run", "FIXTURE_DIR": directory,
      "NO_COLOR": "1",
    ]
  }

  /// Starts busd and waits until it says that it is ready.
  @discardableResult
  func startBusd(_ arguments: [String] = []) async throws -> Program {
    let program = try Program("busd", arguments, environment: environment)
    busd = program
    try await eventually("busd is ready: \(program.text)") { program.text.contains("busd ready") || !program.isRunning }
    try #require(program.isRunning, "busd ended: \(program.text)")
    return program
  }

  /// Runs the body with a file system of its own in memory; skipped, and said so, where mounting is not allowed.
  func withSmallDisk(megabytes: Int, _ body: (_ disk: String) async throws -> Void) async throws {
    let disk = "\(directory)/disk"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let mount = try Program("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "none", disk])
    guard try await mount.end() == 0 else {
      print("skipped: mounting a small disk needs root")
      return
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(disk)) } catch { result = .failure(error) }
    try await killBusd()
    #expect(try await Program("/usr/bin/umount", [disk]).end() == 0)
    try result.get()
  }

  func killBusd() async throws {
    busd?.signal(SIGKILL)
    _ = try await busd?.end()
  }

  func start(_ name: String, _ arguments: [String], environment more: [String: String] = [:]) throws -> Program {
    try Program(name, arguments, environment: environment.merging(more) { $1 })
  }

  /// Starts the fixture's engine and waits until it runs its subscriptions.
  func startEngine(environment more: [String: String] = [:]) async throws -> Program {
    let program = try start("BusFixture", ["engine"], environment: more)
    try await withClient { client in
      try await eventually("the engine runs its subscriptions: \(program.text)") {
        guard case .array(let list)? = try await client.ask("subscriptions")["subscriptions"] else { return false }
        return list.count == 2 && list.allSatisfy { $0["process"] != .null }
      }
    }
    return program
  }

  /// Runs a `bus` command to its end.
  func bus(_ arguments: String..., environment more: [String: String] = [:]) async throws -> (code: Int32, text: String)
  {
    let program = try start("bus", arguments, environment: more)
    let code = try await program.end()
    return (code, program.text)
  }

  /// What the fixture's workers wrote, each line's words.
  var evidence: [[String]] {
    let text = (try? String(contentsOfFile: "\(directory)/evidence", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  func release(_ key: Int) throws { _ = try write("", to: "release-\(key)") }

  func write(_ text: String, to name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Runs the body with a client of this site that is connected in the background.
  func withClient<R>(service: String = "test", _ body: (BusClient) async throws -> R) async throws -> R {
    let client = try BusClient(BusConfiguration(environment: environment.merging(["BUS_SERVICE": service]) { $1 }))
    return try await client.whileRunning { try await body(client) }
  }
}
