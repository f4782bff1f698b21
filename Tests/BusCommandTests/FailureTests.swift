import BusProtocol
import Foundation
import Testing

@testable import BusCommand

/// What is said, and what the process exits with, when something is wrong.
struct FailureTests {
  private func expect(
    _ result: Program.Result, _ status: Int32, _ error: String, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(result == Program.Result(status: status, output: "", error: error), sourceLocation: location)
  }

  private func duration(_ body: () async throws -> Void) async throws -> Duration {
    let begin = ContinuousClock.now
    try await body()
    return ContinuousClock.now - begin
  }

  @Test func `a wrong command names the one that was meant`() async throws {
    expect(
      try await Program.bus("tial", "x"), 64,
      """
      error: 'tial' is no command
        where: bus tial
        help:  did you mean 'bus tail'?   [BUS-E0001]

      """)
    expect(
      try await Program.bus("topology", "xyzzy"), 64,
      """
      error: 'xyzzy' is no command
        where: bus topology xyzzy
        help:  bus topology has: check, show, export   [BUS-E0001]

      """)
    expect(
      try await Program.bus("jobs", "01JEXK7QM3T0"), 64,
      """
      error: '01JEXK7QM3T0' is no command
        where: bus jobs 01JEXK7QM3T0
        help:  to see one: bus jobs show 01JEXK7QM3T0   [BUS-E0001]

      """)
  }

  @Test func `a wrong option names the one that was meant`() async throws {
    expect(
      try await Program.bus("tail", "--cuont", "3"), 64,
      """
      error: Unknown option '--cuont'. Did you mean '--count'?
        where: bus tail --cuont 3
        help:  bus tail --help   [BUS-E0001]

      """)
  }

  @Test func `a filter's fault is shown with a caret`() async throws {
    expect(
      try await Program.bus("tail", "--where", "data.id == 42 and type = 'x'"), 64,
      """
      error: '=' is no comparison
        | data.id == 42 and type = 'x'
        |                        ^
        where: --where, column 24
        help:  write '==' (bus help filters)   [BUS-E0001]

      """)
  }

  @Test func `with json an error is one object on standard error`() async throws {
    let result = try await Program.bus("queues", "--json", "--endpoint", "tcp://127.0.0.1:9")
    #expect(result.status == 69)
    #expect(result.output == "")
    let json = try JSONParser.parse(Array(result.error.utf8.dropLast()))
    #expect(json["code"] == "BUS-E0101")
    #expect(json["error"] == "cannot reach busd at tcp://127.0.0.1:9: connection refused")
    #expect(json["exit"] == 69)
    #expect(json["where"] != nil && json["help"] != nil)
  }

  @Test(arguments: [
    ["tail"], ["queues"], ["subs"], ["jobs"], ["jobs", "show", "0193"], ["why", "0193"], ["spool", "stat"],
    ["topology", "show", "--running"], ["enqueue", "search.X"],
  ]) func `no busd is said within two and a half seconds, with the reason`(arguments: [String]) async throws {
    let site = try Site()
    let start = try await duration { _ = try await Program.bus("--version") }
    let begin = ContinuousClock.now
    let result = try await Program(arguments, environment: site.environment).end()
    #expect(ContinuousClock.now - begin < .milliseconds(2500) + start)
    expect(
      result, 69,
      """
      error: cannot reach busd at \(site.endpoint): no such socket
        where: \(site.endpoint)
        help:  start one with 'busd' or 'bus dev', or name another with --endpoint   [BUS-E0101]

      """)
  }

  @Test func `somebody who listens and says nothing is not busd, and that takes no longer`() async throws {
    let silent = try SilentListener()
    let start = try await duration { _ = try await Program.bus("--version") }
    let whole = try await duration {
      let result = try await Program.bus("queues", "--endpoint", "tcp://127.0.0.1:\(silent.port)")
      #expect(result.status == 69)
      #expect(result.error.contains("somebody listens there, but does not answer"))
    }
    // A machine on which a start alone takes seconds is allowed those.
    #expect(whole < .milliseconds(2500) + start)
  }

  @Test func `a socket that a dead busd left is told from none`() async throws {
    let site = try Site()
    try await site.startBusd()
    site.busd?.signal(SIGKILL)
    _ = try await site.busd?.end()
    let result = try await site.bus("queues")
    #expect(result.status == 69)
    #expect(result.error.contains("connection refused, the socket is left from a busd that ended"))
  }

  @Test func `bad data is refused before anything is sent`() async throws {
    expect(
      try await Program.bus("publish", "user_changed", #"{"id":"#), 65,
      """
      error: the data of user_changed: JSON does not parse at byte 6: the text ends where a value belongs
        where: {"id":
        help:  write an object in single quotes: '{"id":42}'   [BUS-E0301]

      """)
    let topic = try await Program.bus("publish", "no topic")
    #expect(topic.status == 64)
    #expect(topic.error.contains("is not a name"))
    let time = try await Program.bus("tail", "--since", "soon")
    #expect(time.status == 64)
    #expect(time.error.hasPrefix("error: 'soon' is no time\n  where: --since\n  help:  write one of 10m, 2d"))
  }

  @Test func `a topology's mistakes have their places`() async throws {
    let site = try Site()
    let file = try site.file("bad.yaml", "version: 1\nengines:\n  a: { binary: x, queeues: {} }\n")
    let result = try await site.bus("topology", "check", file)
    #expect(result.status == 65)
    #expect(
      result.output == """
        \(file):3:19: error: unknown key 'queeues' in engine a
           |   a: { binary: x, queeues: {} }
           |                   ^
           = help: did you mean 'queues'?

        """)
    #expect(result.error.hasPrefix("error: the topology has 1 mistake\n  where: \(file)\n"))
    let json = try await site.bus("topology", "check", file, "--json")
    #expect(json.status == 65)
    let finding = try JSONParser.parse(Array(json.output.utf8.dropLast()))
    #expect(finding["line"] == 3 && finding["column"] == 19 && finding["level"] == "error")
    for command in [["work", "--topology", file], ["dev", "--topology", file], ["topology", "show", file]] {
      let refused = try await Program(command, environment: site.environment).end()
      #expect(refused.status == 65)
      #expect(refused.error.contains("bad.yaml:3:19: error: unknown key"))
    }
  }

  @Test func `no topology is said, and two are not guessed between`() async throws {
    let site = try Site()
    let none = try await Program.bus("work", environment: site.environment, directory: site.directory)
    expect(
      none, 78,
      """
      error: no topology file
        where: --topology, BUS_TOPOLOGY, ./Topology/*.yaml
        help:  name one with --topology FILE   [BUS-E0401]

      """)
    try FileManager.default.createDirectory(atPath: "\(site.directory)/Topology", withIntermediateDirectories: true)
    let good = "version: 1\nengines:\n  a: { binary: \"true\" }\n"
    _ = try site.file("Topology/one.yaml", good)
    let one = try await Program.bus(
      "topology", "check", "--no-binaries", environment: site.environment, directory: site.directory)
    let summary = "Topology/one.yaml: ok, 1 engine, 1 queue, 1 process\n"
    #expect(one == Program.Result(status: 0, output: summary, error: ""))
    _ = try site.file("Topology/two.yaml", good)
    let two = try await Program.bus("work", environment: site.environment, directory: site.directory)
    #expect(two.status == 78)
    #expect(two.error.contains("there are 2 topology files: one.yaml, two.yaml"))
  }

  @Test func `a program that is not there is named with the places`() async throws {
    let site = try Site()
    let file = try site.file("t.yaml", "version: 1\nengines:\n  a: { binary: no-such-program }\n")
    let work = try await site.bus("work", "--topology", file)
    #expect(work.status == 78)
    #expect(work.error.hasPrefix("error: no program 'no-such-program' at /"))
    let unknown = try await site.bus("work", "b", "--topology", file)
    #expect(unknown.status == 4)
    #expect(unknown.error.contains("the topology has no engine 'b'"))
    let check = try await site.bus("topology", "check", file)
    #expect(check.status == 0, "a program that is not built yet is no mistake of the file")
    #expect(check.output.contains("\(file):3:3: warning: no program 'no-such-program'"))
  }

  @Test func `a spool that is not there is said`() async throws {
    let site = try Site()
    let result = try await site.bus("spool", "verify")
    #expect(result.status == 78)
    #expect(result.error.hasPrefix("error: there is no spool: no directory \(site.directory)/state/spool\n"))
  }
}

/// A port that accepts connections and says nothing.
final class SilentListener {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) + listen(descriptor, 8) + getsockname(descriptor, $0, &length)
      }
    }
    try #require(status == 0)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}
