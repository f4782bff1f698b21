import Foundation
import Synchronization

/// A built program beside the tests: started, read and awaited.
final class Program: Sendable {
  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  struct Result: Equatable {
    var status: Int32
    var output: String
    var error: String
  }

  /// Files and no pipes: the ends of pipes get into other programs that are started at the same time.
  private struct Files {
    let path = "/tmp/bus-cli-\(UInt64.random(in: 0 ... .max))"

    func text(_ name: String) -> String {
      guard let data = FileManager.default.contents(atPath: "\(path).\(name)") else { return "" }
      return String(decoding: data, as: UTF8.self)
    }

    func handle(_ name: String, _ text: String = "", writes: Bool = true) throws -> FileHandle {
      let file = "\(path).\(name)"
      guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
        throw Missing(description: file)
      }
      let handle = writes ? FileHandle(forWritingAtPath: file) : FileHandle(forReadingAtPath: file)
      guard let handle else { throw Missing(description: file) }
      return handle
    }
  }

  private final class StatusBox: Sendable {
    let status = Mutex<Int32?>(nil)
  }

  let pid: Int32
  private let files: Files
  private let box: StatusBox

  static func path(of name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
      .path
  }

  init(
    _ arguments: [String], program name: String = "bus", environment: [String: String] = [:],
    input text: String? = nil, directory: String = "/tmp"
  ) throws {
    let process = Process()
    process.executableURL = URL(filePath: name.hasPrefix("/") ? name : Program.path(of: name))
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: directory)
    process.environment = ["PATH": "/usr/bin:/bin", "TZ": "UTC"].merging(environment) { $1 }
    let (files, box) = (Files(), StatusBox())
    process.standardInput = try files.handle("in", text ?? "", writes: false)
    process.standardOutput = try files.handle("out")
    process.standardError = try files.handle("err")
    process.terminationHandler = { process in
      let isSignal = process.terminationReason == .uncaughtSignal
      box.status.withLock { $0 = isSignal ? 128 + process.terminationStatus : process.terminationStatus }
    }
    try process.run()
    pid = process.processIdentifier
    self.files = files
    self.box = box
  }

  deinit {
    for name in ["in", "out", "err"] { unlink("\(files.path).\(name)") }
  }

  var output: String { files.text("out") }
  var error: String { files.text("err") }

  func signal(_ number: Int32) { kill(pid, number) }

  /// Waits for the end.
  func end(within limit: Duration = .seconds(20)) async throws -> Result {
    try await eventually(within: limit, "the end of \(pid): \(output) \(error)") {
      box.status.withLock { $0 != nil }
    }
    return Result(status: box.status.withLock { $0 ?? -1 }, output: output, error: error)
  }

  /// Runs `bus` to its end.
  static func bus(
    _ arguments: String..., environment: [String: String] = [:], input: String? = nil, directory: String = "/tmp"
  ) async throws -> Result {
    try await Program(arguments, environment: environment, input: input, directory: directory).end()
  }
}
