import Foundation

/// A program that the runner started: its words in a file, its signals, its end.
final class Child {
  let name: String
  /// Where its output goes.
  let log: String
  private let process = Process()

  /// Where this program and its neighbours are.
  static let directory = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .path

  /// The path of a program beside this one, or what is a path already.
  static func path(_ program: String) -> String { program.hasPrefix("/") ? program : "\(directory)/\(program)" }

  /// Starts a program beside this one, or one with a path.
  init(_ program: String, _ arguments: [String], environment: [String: String], log: String) throws {
    (name, self.log) = (program, log)
    guard FileManager.default.createFile(atPath: log, contents: nil), let output = FileHandle(forWritingAtPath: log)
    else { throw ProofError("cannot write \(log): look at the room of its file system") }
    let path = Child.path(program)
    var environment = environment
    if let library = environment.removeValue(forKey: "LD_PRELOAD") {
      // The first program of Swift under libfaketime finds no arguments; one that another has become finds them.
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["LD_PRELOAD=\(library)", "/usr/bin/env", path] + arguments
    } else {
      process.executableURL = URL(filePath: path)
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var id: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var text: String { String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self) }

  func signal(_ signal: Int32) { if process.isRunning { kill(process.processIdentifier, signal) } }

  /// Waits for its end; the exit status, or 128 and the signal's number. Kills what does not end in time.
  @discardableResult
  func end(within limit: Duration = .seconds(60)) async throws -> Int32 {
    do {
      try await Wait.until(within: limit, heedingStop: false, "\(name) ends: \(text.suffix(300))") {
        !process.isRunning
      }
    } catch {
      signal(SIGKILL)
      throw error
    }
    return process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
  }

  /// Kills it, however it is: a stopped process too.
  func kill9() async throws {
    signal(SIGKILL)
    try await end()
  }

  /// Resident memory in MB.
  var residentMegabytes: Int { kilobytes(of: "VmRSS:") / 1024 }
  /// The size of its address space in MB.
  var addressMegabytes: Int { kilobytes(of: "VmSize:") / 1024 }

  /// How many descriptors it has open.
  var descriptorCount: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd"))?.count ?? 0 }

  /// The processes that it started, whichever of its threads did, and that are there still.
  var children: [Int32] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
    return tasks.flatMap { task in
      let text = FileManager.default.contents(atPath: "/proc/\(id)/task/\(task)/children") ?? Data()
      return String(decoding: text, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }
  }

  /// A figure of proc(5), status.
  private func kilobytes(of word: String) -> Int {
    let text = String(decoding: FileManager.default.contents(atPath: "/proc/\(id)/status") ?? Data(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(word) }
    return line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
  }

  /// Runs a program to its end; its exit status and its words.
  @discardableResult
  static func run(_ program: String, _ arguments: [String], in directory: String) async throws -> (Int32, String) {
    let child = try Child(program, arguments, environment: [:], log: "\(directory)/command.log")
    return (try await child.end(), child.text)
  }
}

/// Why the runner itself cannot go on; no verdict about the bus.
struct ProofError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The runner's only way to wait: looks again every few milliseconds, and never longer than it may.
enum Wait {
  static func until(
    within limit: Duration, heedingStop heedsStop: Bool = true, _ fact: @autoclosure () -> String,
    _ holds: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
      if heedsStop { try checkStop() }
      guard ContinuousClock.now < deadline else { throw ProofError("not within \(limit): \(fact())") }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  static func milliseconds(_ count: Int) async throws {
    try checkStop()
    try await Task.sleep(for: .milliseconds(count))
  }

  /// A runner that is asked to end leaves no program and no file system behind.
  private static func checkStop() throws {
    if Stop.isAsked { throw ProofError("the runner was asked to stop") }
  }
}
