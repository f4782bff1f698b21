import Foundation
import Testing

/// A directory of its own, with a busd in it where a test wants one.
final class Site {
  let directory: String
  private(set) var busd: Program?

  init() throws {
    // Short: the path of a socket has at most 107 bytes.
    directory = "/tmp/bus-cli-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit {
    busd?.signal(SIGKILL)
    do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("\(error)") }
  }

  var environment: [String: String] {
    ["BUS_STATE_DIR": "\(directory)/state", "BUS_RUNTIME_DIR": "\(directory)/run"]
  }

  var endpoint: String { "ipc://\(directory)/run/busd.requests.ipc" }

  func startBusd(_ arguments: String...) async throws {
    let program = try Program(arguments, program: "busd", environment: environment)
    busd = program
    try await eventually("busd is ready: \(program.error)") { program.error.contains("busd ready") }
  }

  func stopBusd() async throws {
    busd?.signal(SIGTERM)
    _ = try await busd?.end()
  }

  func start(_ arguments: String...) throws -> Program { try Program(arguments, environment: environment) }

  func bus(_ arguments: String..., input: String? = nil) async throws -> Program.Result {
    try await Program(arguments, environment: environment, input: input).end()
  }

  func file(_ name: String, _ text: String) throws -> String {
    let path = "\(directory)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}
