import BusProtocol
import Foundation
import Testing

@testable import BusSupervisor

/// A supervisor that is looked at and told what to do while it runs.
@Suite(.timeLimit(.minutes(1)))
struct ControlTests {
  /// A directory of its own with a supervisor's control in it.
  final class Desk {
    let directory = "/tmp/bus-control-\(UInt64.random(in: 0 ... .max))"
    let control: ControlServer

    init() throws { control = try ControlServer(directory: directory, name: "work") }

    deinit {
      control.close()
      do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("\(error)") }
    }

    var path: String { ControlServer.path(directory: directory, name: "work") }
    var scales: ScaleFile { ScaleFile(path: "\(directory)/state/work.json") }

    func ask(_ request: ControlRequest) async throws -> [JSONValue] {
      var lines: [JSONValue] = []
      for try await line in ControlClient.ask(path, request, seconds: 20) { lines.append(line) }
      return lines
    }

    /// The states of all processes by their names, when the condition holds.
    func processes(when condition: ([String: String]) -> Bool) async throws -> [JSONValue] {
      let deadline = ContinuousClock.now + .seconds(20)
      while true {
        let lines = try await ask(.processes).filter { $0["process"] != nil }
        let states = lines.map { ($0["process"]?.word ?? "", $0["state"]?.word ?? "") }
        if condition(Dictionary(states) { first, _ in first }) { return lines }
        guard ContinuousClock.now < deadline else { throw Run.Missing(description: "\(lines.map(\.text))") }
        await Task.yield()
      }
    }
  }

  static func shell(_ script: String, count: Int = 1, _ name: String = "a") -> ProcessDefinition {
    var definition = ProcessDefinition(
      name: name, executable: "/bin/sh", arguments: ["-c", script], readiness: .after(.milliseconds(20)))
    definition.count = count
    return definition
  }

  @Test func `EH2 HK2 the number of processes changes while they run, and to nothing too`() async throws {
    let desk = try Desk()
    let run = Run([Self.shell("exec sleep 1000", count: 2)], control: desk.control, scales: desk.scales)
    _ = try await desk.processes { $0 == ["a.1": "ready", "a.2": "ready"] }
    let answer = try await desk.ask(.scale(["a": .by(2)]))
    #expect(answer == [["engine": "a", "was": 2, "wanted": 4, "configured": 2]])
    _ = try await desk.processes { $0 == ["a.1": "ready", "a.2": "ready", "a.3": "ready", "a.4": "ready"] }
    _ = try await desk.ask(.scale(["a": .to(1)]))
    _ = try await desk.processes { $0 == ["a.1": "ready"] }
    _ = try await desk.ask(.scale(["a": .to(0)]))
    _ = try await desk.processes { $0.isEmpty }
    let programs = try await desk.ask(.processes)
    #expect(programs == [["engine": "a", "wanted": 0, "configured": 2, "quiet": false, "upgrading": false]])
    #expect(await run.stop() == .stopped)
  }

  @Test func `EH2 one that is too many ends its work, and is seen draining`() async throws {
    let desk = try Desk()
    let file = "\(desk.directory)/go"
    let wait = "while [ ! -e \(file) ]; do sleep 0.02; done"
    let script = "trap '\(wait); echo done 1; exit' TERM; while :; do sleep 0.02; done"
    let run = Run([Self.shell(script, count: 2)], control: desk.control)
    _ = try await desk.processes { $0 == ["a.1": "ready", "a.2": "ready"] }
    _ = try await desk.ask(.scale(["a": .by(-1)]))
    _ = try await desk.processes { $0 == ["a.1": "ready", "a.2": "draining"] }
    #expect(FileManager.default.createFile(atPath: file, contents: nil))
    _ = try await run.number(after: "done", from: "a.2")
    _ = try await desk.processes { $0 == ["a.1": "ready"] }
    run.wish(.atOnce)
    _ = await run.outcome()
  }

  @Test func `HK2 what was wished is kept over a restart, until the configuration is another`() async throws {
    let desk = try Desk()
    let file = desk.scales
    try file.save(["a": .init(configured: 1, wanted: 3), "b": .init(configured: 5, wanted: 2)])
    let run = Run(
      [Self.shell("exec sleep 1000", count: 1), Self.shell("exec sleep 1000", count: 1, "b")], control: desk.control,
      scales: file)
    _ = try await desk.processes { $0.keys.sorted() == ["a.1", "a.2", "a.3", "b.1"] }
    _ = try await desk.ask(.scale(["a": .to(2)]))
    #expect(file.load() == ["a": .init(configured: 1, wanted: 2)])
    _ = try await desk.ask(.scale(["a": .to(1)]))
    #expect(file.load() == [:])
    #expect(await run.stop() == .stopped)
  }

  @Test func `EH20 a second supervisor is refused with the process id of the first`() async throws {
    let desk = try Desk()
    let error = #expect(throws: SupervisorError.self) {
      try ControlServer(directory: desk.directory, name: "work")
    }
    #expect(error?.message == "a supervisor runs here already, as pid \(getpid())")
    let other = try ControlServer(directory: desk.directory, name: "night")
    other.close()
    desk.control.close()
    try ControlServer(directory: desk.directory, name: "work").close()
  }

  @Test func `EH3 its socket is for its user alone, and nothing is left of it`() async throws {
    let desk = try Desk()
    let attributes = try FileManager.default.attributesOfItem(atPath: desk.path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let directory = try FileManager.default.attributesOfItem(atPath: desk.directory)
    #expect(directory[.posixPermissions] as? Int == 0o700)
    desk.control.close()
    #expect(!FileManager.default.fileExists(atPath: desk.path))
    let error = await #expect(throws: SupervisorError.self) { try await desk.ask(.processes) }
    #expect(error?.code == .notRunning)
    #expect(error?.message == "no supervisor answers at \(desk.path): no such socket")
  }

  @Test func `wrong names and numbers change nothing and are said`() async throws {
    let desk = try Desk()
    let run = Run([Self.shell("exec sleep 1000")], control: desk.control)
    func refusal(_ request: ControlRequest) async -> String? {
      await #expect(throws: SupervisorError.self) { try await desk.ask(request) }?.description
    }
    #expect(await refusal(.scale(["a": .to(3), "z": .to(1)])) == "this supervisor has no engine 'z'; it has: a")
    #expect(
      await refusal(.scale(["a": .by(-2)]))
        == "a has 1 processes and cannot have -2; 0 to 1000 are possible: bus scale a=4")
    #expect(await refusal(.quiet(["z"], true)) == "this supervisor has no engine 'z'; it has: a")
    #expect(await refusal(.logs("a.7", count: 1, follow: false)) == "there is no process a.7; bus ps")
    _ = try await desk.processes { $0 == ["a.1": "ready"] }
    #expect(await run.stop() == .stopped)
  }

  @Test func `quiet lets all finish and starts none until it is over`() async throws {
    let desk = try Desk()
    let run = Run([Self.shell("exec sleep 1000", count: 2), Self.shell("exec sleep 1000", "b")], control: desk.control)
    _ = try await desk.processes { $0.values.allSatisfy { $0 == "ready" } && $0.count == 3 }
    _ = try await desk.ask(.quiet(["a"], true))
    _ = try await desk.processes { $0 == ["b.1": "ready"] }
    _ = try await desk.ask(.quiet([], false))
    _ = try await desk.processes { $0 == ["a.1": "ready", "a.2": "ready", "b.1": "ready"] }
    #expect(try await desk.ask(.stop(atOnce: false)) == [["stopping": 3]])
    #expect(await run.outcome() == .stopped)
  }

  @Test func `the last lines of a process are shown, and those that come`() async throws {
    let desk = try Desk()
    let file = "\(desk.directory)/go"
    let wait = "while [ ! -e \(file) ]; do sleep 0.02; done"
    let script = "for i in 1 2 3; do echo line $i; done; \(wait); echo late; sleep 1000"
    let run = Run([Self.shell(script), Self.shell("echo other; exec sleep 1000", "b")], control: desk.control)
    _ = try await run.number(after: "line", from: "a.1", occurrence: 3)
    // The supervisor's own words may come between those of the process.
    let last = try await desk.ask(.logs("a", count: 3, follow: false)).filter { $0["line"]?.word?.first != "-" }
    #expect(last.suffix(2) == [["process": "a.1", "line": "line 2"], ["process": "a.1", "line": "line 3"]])
    var heard: [String] = []
    for try await line in ControlClient.ask(desk.path, .logs("a.1", count: 2, follow: true))
    where line["line"]?.word?.first != "-" {
      heard.append(line["line"]?.word ?? "")
      if heard.last == "line 3" { #expect(FileManager.default.createFile(atPath: file, contents: nil)) }
      if heard.contains("late") { break }
    }
    #expect(heard.suffix(2) == ["line 3", "late"])
    #expect(await run.stop() == .stopped)
  }

  @Test func `a book keeps the last lines of each process and no more`() {
    let book = LogBook()
    for number in 0..<1000 { book.add("\(number)", of: number % 2 == 0 ? "a.1" : "a.2") }
    #expect(book.last(3) { _ in true }.map(\.text) == ["997", "998", "999"])
    #expect(book.last(.max) { $0 == "a.1" }.count == LogBook.maximumLineCount)
    book.add(String(repeating: "x", count: 1 << 20), of: "a.1")
    #expect(book.last(.max) { $0 == "a.1" }.count == 1)
    #expect(book.last(-1) { _ in true }.isEmpty)
  }

  @Test func `a request comes back as it was sent, and a broken one is refused`() throws {
    let requests: [ControlRequest] = [
      .processes, .scale(["a": .to(0), "b": .by(2), "c": .by(-3), "d": .auto]), .quiet(["a"], false),
      .stop(atOnce: true),
      .logs(nil, count: 3, follow: true), .logs("a.1", count: 0, follow: false),
      .upgrade(["a"], UpgradePlan(isFleet: true, extra: 3, deadline: .seconds(5), maximumFailures: 2)),
      .upgrade([], UpgradePlan()),
    ]
    for request in requests {
      #expect(try ControlRequest(json: request.json) == request)
      let bytes = request.json.bytes
      for cut in 0..<bytes.count {
        #expect(throws: (any Error).self) { try ControlRequest(json: try JSONParser.parse(Array(bytes[..<cut]))) }
      }
      for index in bytes.indices {
        var flipped = bytes
        flipped[index] ^= 1
        // Whatever it makes of it, it does not trap.
        _ = try? ControlRequest(json: try JSONParser.parse(flipped))
      }
    }
    for wrong in ["", "+", "-", "++1", "1.5", "1001", "-1001", "0x1", "99999999999999999999", " 1", "１"] {
      #expect(ScaleChange(wrong) == nil, "\(wrong)")
    }
  }

  @Test func `who says nothing, too much, or nonsense, is shown the door`() async throws {
    let desk = try Desk()
    let run = Run([Self.shell("exec sleep 1000")], control: desk.control)
    #expect(try Self.say("nonsense\n", to: desk.path).contains("bad_request"))
    #expect(try Self.say(#"{"do":"dance"}"# + "\n", to: desk.path).contains("does not know 'dance'"))
    #expect(try Self.say(String(repeating: "x", count: 100_000), to: desk.path) == "")
    _ = try await desk.processes { $0 == ["a.1": "ready"] }
    #expect(await run.stop() == .stopped)
  }

  /// Sends the text and reads to the end.
  static func say(_ text: String, to path: String) throws -> String {
    let descriptor = LocalSocket.make()
    defer { close(descriptor) }
    let isConnected = LocalSocket.withAddress(path) { connect(descriptor, $0, $1) == 0 }
    guard isConnected == true else { throw Run.Missing(description: path) }
    LocalSocket.setReadLimit(20, of: descriptor)
    _ = LocalSocket.send(Array(text.utf8), to: descriptor)
    let line = LocalSocket.readLine(descriptor, maximumByteCount: 4096)
    return line.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

extension JSONValue {
  var word: String? { String(jsonValue: self) }
}
