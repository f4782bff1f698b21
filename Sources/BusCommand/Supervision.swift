internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Which of the machine's supervisors is meant.
struct SupervisorOptions: ParsableArguments {
  @Option(help: "The supervisor's name, where there are several of one user.")
  var name = "work"

  /// Where its control socket is.
  var path: String { ControlServer.path(directory: Self.directories.runtime, name: name) }

  /// Where its wishes are kept.
  var scales: ScaleFile { ScaleFile(path: "\(Self.directories.state)/supervisors/\(name).json") }

  static var directories: BusDirectories {
    BusDirectories(environment: ProcessEnvironment.all, userID: getuid())
  }

  /// Its control; the error names the supervisor that has it.
  func control(resuming handover: Handover? = nil) throws -> ControlServer {
    try Self.control(directory: Self.directories.runtime, name: name, resuming: handover)
  }

  static func control(
    directory: String, name: String = "work", resuming handover: Handover? = nil
  ) throws -> ControlServer {
    do throws(SupervisorError) {
      return try ControlServer(directory: directory, name: name, resuming: handover)
    } catch {
      throw failure(error, where: ControlServer.path(directory: directory, name: name))
    }
  }

  /// Asks the supervisor; its refusal is the command's.
  func ask(_ request: ControlRequest, seconds: Int? = 10, _ line: (JSONValue) throws -> Void) async throws {
    do {
      for try await json in ControlClient.ask(path, request, seconds: seconds) { try line(json) }
    } catch let error as SupervisorError {
      throw Self.failure(error, where: path)
    }
  }

  /// All lines of an answer.
  func answers(_ request: ControlRequest) async throws -> [JSONValue] {
    var lines: [JSONValue] = []
    try await ask(request) { lines.append($0) }
    return lines
  }

  static func failure(_ error: SupervisorError, where location: String) -> CommandError {
    let code: CommandError.Code =
      switch error.code {
      case .notRunning: .unreachable
      case .unknownEngine: .notFound
      case .binaryNotFound: .configuration
      case .badRequest: .usage
      case .takeoverFailed: .processFailed
      case .alreadyRunning, .busy, .noDeclaration: .refused
      case .system: .system
      }
    return CommandError(code, error.message, where: location, help: error.help)
  }
}

/// Members of what a supervisor answers.
extension JSONValue {
  func string(_ key: String) -> String? { self[key].flatMap(String.init(jsonValue:)) }
  func count(_ key: String) -> Int? { self[key].flatMap(Int.init(jsonValue:)) }
  func isTrue(_ key: String) -> Bool { self[key] == .bool(true) }
}
