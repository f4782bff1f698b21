internal import BusProtocol
internal import CProcess
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// How a supervisor's own program is replaced by the one that now stands in its place: in the same process, so that its
/// children stay its children.
///
/// First the new program is asked, beside the old one, whether it could go on with what there is. Only then is the old
/// one given up, with execve(2): a program that cannot be started, or refuses, changes nothing.
public struct Replacement: Sendable {
  /// How long the new program may take to say that it can go on.
  static let patience = Duration.seconds(10)

  private let arguments: [String]
  private let environment: [String: String]
  private let check: [String]
  let signals: StopSignals

  /// The program that this process was started as, its words and environment, and the words with which it is asked.
  ///
  /// Asked so, it reads a handover on its standard input and prints the line of ``consent(to:)``, or fails.
  public init(arguments: [String], check: [String], environment: [String: String], signals: StopSignals) {
    self.arguments = arguments
    self.check = check
    // That of this program is used up.
    self.environment = environment.filter { $0.key != Handover.variable }
    self.signals = signals
  }

  /// What a program says that can go on.
  public static func consent(version: String) -> String {
    let answer: JSONValue = ["takes_over": Handover.format.jsonValue, "version": .string(version)]
    return answer.text
  }

  /// The program as it was called: a link on its path leads where it leads now.
  func program() throws(SupervisorError) -> String {
    let places = BinaryPlaces(program: nil, topologyFile: nil, path: environment["PATH"])
    do throws(SupervisorError) { return ProcessFacts.resolved(try places.find(arguments.first ?? "")) } catch {
      throw SupervisorError(
        .binaryNotFound, "\(error.message), as which this supervisor was started; nothing was changed",
        help: "put it there, and run the same command again")
    }
  }

  /// Asks the program whether it can go on with what would be handed over.
  func ask(_ program: String, _ handover: [UInt8]) async -> Result<Void, SupervisorError> {
    var definition = ProcessDefinition(name: "takeover", executable: program, arguments: check, grace: .seconds(1))
    definition.isNumbered = false
    let words = LastWords()
    let (question, all) = (definition, environment)
    let end = await withTaskGroup(of: ProcessEnd?.self) { group in
      group.addTask { await OneRun.run(question, environment: all, input: handover) { words.add($0) } }
      group.addTask {
        do { try await ContinuousClock().sleep(for: Replacement.patience) } catch { return nil }
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    if end == .exited(0), words.consents { return .success(()) }
    let how = end.map { "it \($0)" } ?? "it did not answer within \(Replacement.patience.brief)"
    return .failure(
      SupervisorError(
        .takeoverFailed,
        "\(program) cannot go on with what runs: \(how)\(words.text.map { ", it said: \($0)" } ?? "")",
        help: "nothing was changed, the old program goes on; mend it and run the same command again"))
  }

  /// Becomes the program. Only the error returns: then nothing was changed.
  func become(_ program: String, _ handover: Handover) -> SupervisorError {
    let state = InputFile.make(handover.bytes)
    guard state >= 0 else { return Self.refusal(program, errno) }
    var environment = environment
    environment[Handover.variable] = "\(state):\(signals.descriptors.writeEnd)"
    // One that comes now waits for the handlers of the next program.
    bus_takeover_block()
    let failure = Spawn.become(
      program, arguments: arguments, environment: environment, keeping: handover.allDescriptors + [state])
    bus_takeover_unblock()
    close(state)
    return Self.refusal(program, failure)
  }

  private static func refusal(_ program: String, _ number: Int32) -> SupervisorError {
    SupervisorError(
      .takeoverFailed, "\(program) cannot be started: \(String(cString: strerror(number)).lowercased())",
      help: "nothing was changed, the old program goes on; mend it and run the same command again")
  }
}

extension Handover {
  /// What the program before this one left in this process; nil when there was none.
  public static func received(_ environment: [String: String]) throws(SupervisorError) -> Handover? {
    guard let descriptor = environment[variable].flatMap({ Int32($0.prefix { $0 != ":" }) }),
      descriptor > STDERR_FILENO
    else { return nil }
    defer { close(descriptor) }
    let handover = try Handover(read(descriptor))
    for kept in handover.allDescriptors { _ = fcntl(kept, F_SETFD, FD_CLOEXEC) }
    return handover
  }

  /// What a program that is asked whether it could go on reads on its standard input.
  public static func offered() throws(SupervisorError) -> Handover { try Handover(read(STDIN_FILENO)) }

  /// The most that is read, in bytes.
  private static let maximumByteCount = 256 << 20

  private static func read(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count < maximumByteCount {
      let count = readBytes(descriptor, &buffer)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return bytes
  }
}

private func readBytes(_ file: Int32, _ buffer: inout [UInt8]) -> Int { read(file, &buffer, buffer.count) }

/// What a program that was asked said.
private final class LastWords: Sendable {
  private let lines = Mutex<[String]>([])

  func add(_ line: String) { lines.withLock { if $0.count < 20 { $0.append(String(line.prefix(500))) } } }

  var consents: Bool {
    lines.withLock { lines in
      lines.contains { line in
        guard let answer = try? JSONParser.parse(Array(line.utf8)) else { return false }
        return answer["takes_over"] == Handover.format.jsonValue
      }
    }
  }

  var text: String? { lines.withLock { $0.isEmpty ? nil : $0.joined(separator: "\n") } }
}
