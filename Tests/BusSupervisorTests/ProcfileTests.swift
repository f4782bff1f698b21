import BusProtocol
import BusTopology
import Foundation
import Testing

@testable import BusSupervisor

/// Lists of programs for other supervisors, and from them.
struct ProcfileTests {
  @Test func `HK1 names and commands are read, remarks and empty lines are not`() throws {
    let text = "# of the shop\n\nweb:  bin/web -p $PORT \r\n  worker_2: env A='b: c' ./work\nrelease: ./migrate"
    let file = try Procfile(text, file: "Procfile")
    #expect(
      file.entries == [
        .init(name: "web", command: "bin/web -p $PORT"), .init(name: "worker_2", command: "env A='b: c' ./work"),
        .init(name: "release", command: "./migrate"),
      ])
    let definitions = file.definitions
    #expect(definitions.map(\.name) == ["web", "worker_2"], "what is run once before is no process")
    #expect(definitions.map(\.firstPort) == [5000, 5100])
    #expect(definitions[0].arguments == ["-c", "bin/web -p $PORT"])
  }

  @Test(arguments: [
    ("web", "Procfile:1:4: there is no ':' behind the name"),
    ("a: b\n\n w b: x", "Procfile:3:3: ' ' cannot be in a name"),
    (": x", "Procfile:1:1: there is no name before the ':'"),
    ("wéb: x", "Procfile:1:2: 'é' cannot be in a name"), ("web:  ", "Procfile:1:7: 'web' has no command"),
    ("a: b\na: c", "Procfile:2:1: 'a' is there already"),
  ]) func `HK1 a mistake is told with line and column`(text: String, message: String) {
    let error = #expect(throws: SupervisorError.self) { try Procfile(text, file: "Procfile") }
    #expect(error?.message == message)
  }

  @Test func `HK1 a Procfile is read whatever stands in it`() {
    let text = Array("web: a\n# b\nworker: c\u{0}é\n".utf8)
    for cut in 0...text.count { _ = try? Procfile(String(decoding: text[..<cut], as: UTF8.self), file: "f") }
    for index in text.indices {
      var bytes = text
      bytes[index] ^= 0x80
      _ = try? Procfile(String(decoding: bytes, as: UTF8.self), file: "f")
    }
    let many = (0...Procfile.maximumCount).map { "p\($0): x" }.joined(separator: "\n")
    #expect(throws: SupervisorError.self) { try Procfile(many, file: "f") }
  }

  @Test(.timeLimit(.minutes(1))) func `HK3 each process of a Procfile has a port of its own`() async throws {
    var definitions = try Procfile("web: echo port $PORT; sleep 1000\nworker: echo port $PORT; sleep 1000", file: "f")
      .definitions
    definitions[0].count = 2
    let run = Run(definitions)
    #expect(try await run.number(after: "port", from: "web.1") == 5000)
    #expect(try await run.number(after: "port", from: "web.2") == 5001)
    #expect(try await run.number(after: "port", from: "worker.1") == 5100)
    #expect(await run.stop() == .stopped)
  }

  @Test func `HK8 a word of a unit stays one word, whatever is in it`() {
    #expect(SystemdUnits.line(["/usr/bin/bus", "work"]) == "/usr/bin/bus work")
    let words = ["a b", "", "50%", "$HOME", "it's", "a\"b", "c\\d", "x;y"]
    #expect(SystemdUnits.line(words) == #""a b" "" 50%% $$HOME "it's" a\"b c\\d "x;y""#)
  }

  @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0, "needs systemd-analyze"))
  func `HK8 systemd finds nothing wrong with the units`() throws {
    var engine = EngineDefinition(name: "mail", binary: "true")
    engine.workers.shutdown = .milliseconds(60_500)
    let topology = Topology(engines: [engine])
    let units = SystemdUnits(topology, file: "/etc/my bus/shop 100%.yaml", programs: "/bin", user: nil)
    #expect(units.work.contains("TimeoutStopSec=80s\n"))
    #expect(units.work.contains("--topology \"/etc/my bus/shop 100%%.yaml\"\n"))
    let directory = "/tmp/bus-units-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
    // Programs that are there: the verification looks for them.
    for (name, unit) in [("busd", units.daemon), ("bus-work", units.work)] {
      let real = unit.replacing("/bin/busd", with: "/bin/true").replacing("/bin/bus ", with: "/bin/true ")
      try real.write(toFile: "\(directory)/\(name).service", atomically: true, encoding: .utf8)
    }
    let process = Process()
    let pipe = Foundation.Pipe()
    process.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
    process.arguments = ["verify", "--man=no", "\(directory)/busd.service", "\(directory)/bus-work.service"]
    process.standardError = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let ours = said.split(separator: "\n").filter { $0.contains(directory) || $0.contains("bus-work") }
    #expect(ours.isEmpty, "\(said)")
    #expect(process.terminationStatus == 0, "\(said)")
  }
}
