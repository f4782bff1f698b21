import Foundation

/// Counts the instructions of an operation: of three times as many less those of one time, so that what is around them
/// falls out. Only the thread that does it counts: what others do beside it depends on how long it takes.
struct Callgrind {
  private static let times = 100
  private static let valgrind = "/usr/bin/valgrind"

  static var isWanted: Bool {
    ProcessInfo.processInfo.environment["BUS_MEASURE"] != nil
      && FileManager.default.isExecutableFile(atPath: valgrind)
  }

  private let directory: String

  /// Takes a copy of the program without its debug information, which callgrind cannot read.
  init() throws {
    directory = "/tmp/bus-callgrind-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let built = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    let arguments = ["-g", "-o", "\(directory)/BusBench", built.appending(path: "BusBench").path]
    guard try Callgrind.run("/usr/bin/strip", arguments).status == 0 else {
      throw Failure(description: "strip refuses BusBench")
    }
  }

  func end() {
    do { try FileManager.default.removeItem(atPath: directory) } catch { print("\(error)") }
  }

  func instructions(of operation: String) async throws -> Double {
    let (once, thrice) = (try total(operation, Callgrind.times), try total(operation, 3 * Callgrind.times))
    return Double(thrice - once) / Double(2 * Callgrind.times)
  }

  /// The first thread's file says `totals: 1234567`.
  private func total(_ operation: String, _ times: Int) throws -> Int {
    let counts = "\(directory)/\(operation)-\(times)"
    let result = try Callgrind.run(
      Callgrind.valgrind,
      [
        "--tool=callgrind", "--separate-threads=yes", "--callgrind-out-file=\(counts)", "\(directory)/BusBench",
        "count", operation, "--times", String(times),
      ])
    guard result.status == 0 else {
      throw Failure(description: "callgrind does not count \(operation): \(result.error)")
    }
    let text = try String(contentsOfFile: "\(counts)-01", encoding: .utf8)
    guard let match = text.firstMatch(of: /\ntotals: (\d+)/), let count = Int(match.1) else {
      throw Failure(description: "\(counts)-01 has no line of totals")
    }
    return count
  }

  private struct Failure: Error { let description: String }

  private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, error: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
