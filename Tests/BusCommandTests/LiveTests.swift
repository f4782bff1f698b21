import BusProtocol
import Foundation
import Testing

@testable import BusCommand

/// The commands against a busd of their own.
@Suite(.timeLimit(.minutes(2)))
struct LiveTests {
  private func events(_ output: String) throws -> [JSONValue] {
    try output.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
  }

  private func numbers(_ output: String) throws -> [Int] {
    try events(output).compactMap { $0["data"]?["n"].flatMap(Int.init(jsonValue:)) }
  }

  @Test func `what is published is tailed: backlog, since, until, count, grep`() async throws {
    let site = try Site()
    try await site.startBusd()
    let lines = (1...30).map { #"{"n":\#($0),"word":"w\#($0 % 3)"}"# }.joined(separator: "\n")
    let published = try await site.bus("publish", "counted", "--ndjson", input: lines)
    #expect(published.status == 0 && published.error == "")
    #expect(published.output.split(separator: "\n").count == 30)
    #expect(try await site.bus("publish", "other", #"{"n":0}"#).status == 0)
    let tail = { (arguments: String...) async throws -> [Int] in
      let result = try await Program(["tail", "--no-follow", "--json"] + arguments, environment: site.environment).end()
      #expect(result.status == 0 && result.error == "", "\(arguments) \(result.error)")
      return try numbers(result.output)
    }
    #expect(try await tail("--since", "1h") == Array(1...30) + [0])
    #expect(try await tail("-n", "3") == [29, 30, 0])
    #expect(try await tail("counted", "-n", "3") == [28, 29, 30])
    #expect(try await tail("none_*", "-n", "3") == [])
    #expect(try await tail("--since", "#28", "--until", "#30") == [29, 30])
    #expect(try await tail("--since", "#3", "--count", "2") == [4, 5])
    #expect(try await tail("--since", "#0", "--grep", "w1", "--count", "3") == [1, 4, 7])
    #expect(try await tail("--since", "#20", "-n", "100", "counted") == Array(21...30))
    #expect(try await tail("--since", "#0", "--where", "data.n > 27 and type ~ 'count*'") == [28, 29, 30])
    #expect(try await tail("--since", "#0", "--where", "data.n in (1, 2) or not data.n > 0") == [1, 2, 0])
    #expect(try await tail("--since", "#27", "--exclude", "oth*", "--exclude", "none") == [28, 29, 30])
    let third = try events(try await site.bus("tail", "--since", "#2", "--count", "1", "--json").output)[0]
    let id = try #require(third["id"].flatMap(String.init(jsonValue:)))
    #expect(try await tail("--since", id, "--count", "1") == [4])
    let time = try #require(third["recordedtime"].flatMap(String.init(jsonValue:)))
    #expect(try await tail("--since", time).contains(3))
    #expect(third["specversion"] == "1.0" && third["type"] == "counted" && third["offset"] == 3)
  }

  @Test func `a tail goes on over a restart of busd, says so, and ends with 130 and nothing lost`() async throws {
    let site = try Site()
    try await site.startBusd()
    #expect(try await site.bus("publish", "counted", #"{"n":1}"#).status == 0)
    let tail = try site.start("tail", "--json", "--since", "#0")
    try await eventually("the first event: \(tail.error)") { tail.output.contains(#""n":1"#) }
    try await site.stopBusd()
    try await eventually("the loss is said: \(tail.error)") { tail.error.contains("-- lost busd at") }
    try await site.startBusd()
    #expect(try await site.bus("publish", "counted", #"{"n":2}"#).status == 0)
    try await eventually("the second event: \(tail.output)") { tail.output.contains(#""n":2"#) }
    tail.signal(SIGINT)
    let end = try await tail.end()
    #expect(end.status == 130)
    #expect(try numbers(end.output) == [1, 2])
    #expect(
      end.error == """
        -- lost busd at \(site.endpoint), waiting for it
        -- busd is back, going on where it broke off

        """)
  }

  @Test func `an idle tail ends when it is told to`() async throws {
    let site = try Site()
    try await site.startBusd()
    let result = try await site.bus("tail", "--idle-exit", "100ms")
    #expect(result == Program.Result(status: 0, output: "", error: ""))
  }

  /// All that comes out of a pipe, read on a thread of its own: the tasks' threads are for all tests.
  private static func text(of pipe: Pipe) async -> String {
    let file = pipe.fileHandleForReading.fileDescriptor
    let text = await withCheckedContinuation { done in
      Thread.detachNewThread {
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
        done.resume(returning: String(decoding: handle.readDataToEndOfFile(), as: UTF8.self))
      }
    }
    // It closes the descriptor when it goes.
    withExtendedLifetime(pipe) {}
    return text
  }

  @Test func `a closed pipe ends a command without a word`() async throws {
    let site = try Site()
    try await site.startBusd()
    let lines = (1...3000).map { #"{"n":\#($0),"filler":"\#(String(repeating: "x", count: 200))"}"# }
    #expect(try await site.bus("publish", "counted", "--ndjson", input: lines.joined(separator: "\n")).status == 0)
    let script = "'\(Program.path(of: "bus"))' tail --no-follow --since '#0'; echo \"status $?\" >&2"
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "{ \(script); } | head -n 1"]
    shell.environment = site.environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    let (output, error) = (Pipe(), Pipe())
    (shell.standardOutput, shell.standardError) = (output, error)
    try shell.run()
    let said = await Self.text(of: error)
    let shown = await Self.text(of: output)
    #expect(said == "status 0\n")
    #expect(shown.split(separator: "\n").count == 1)
  }

  @Test func `without busd an event is kept, and the next publish sends it`() async throws {
    let site = try Site()
    let kept = try await site.bus("publish", "counted", #"{"n":1}"#)
    #expect(kept.status == 75)
    #expect(
      kept.error == """
        error: the event is kept here only, busd cannot be reached at \(site.endpoint): no such socket
          where: \(site.directory)/state/outbox/bus
          help:  nothing is lost: the next 'bus publish' sends it. Start busd with 'busd' or 'bus dev'   [BUS-E0104]

        """)
    #expect(try await site.bus("publish", "counted", #"{"n":2}"#, "--no-wait").status == 0)
    try await site.startBusd()
    #expect(try await site.bus("publish", "counted", #"{"n":3}"#).status == 0)
    try await eventually("all are there") {
      let tail = try await site.bus("tail", "--no-follow", "--json", "--since", "#0")
      return try Set(numbers(tail.output)) == [1, 2, 3]
    }
  }

  @Test func `the same id is stored once`() async throws {
    let site = try Site()
    try await site.startBusd()
    let id = "01JEXK7QM3T0ABCDEFGH012345"
    for _ in 0..<2 {
      let result = try await site.bus("publish", "counted", #"{"n":1}"#, "--id", id, "--source", "me/here")
      #expect(result == Program.Result(status: 0, output: "\(id)\n", error: ""))
    }
    let tail = try events(try await site.bus("tail", "--no-follow", "--json", "--since", "#0").output)
    #expect(tail.count == 1)
    #expect(tail[0]["id"] == .string(id) && tail[0]["source"] == "me/here")
  }

  @Test func `a job is enqueued, merged, listed, shown and explained`() async throws {
    let site = try Site()
    try await site.startBusd()
    let first = try await site.bus("enqueue", "search.IndexUser", #"{"userID":42}"#, "--lock", "42", "--in", "1h")
    #expect(first.status == 0 && first.output.contains(" in search/default, due in "))
    let second = try await site.bus("enqueue", "search.IndexUser", #"{"userID":42}"#, "--lock", "42", "--json")
    let merged = try events(second.output)[0]
    #expect(merged["outcome"] == "merged")
    let id = try #require(merged["id"].flatMap(String.init(jsonValue:)))
    let list = try await site.bus("jobs", "--json")
    #expect(try events(list.output).compactMap { $0["id"] } == [.string(id)])
    let found = try await site.bus("jobs", "ls", "queue:default", "not", "state:done", "args.userID:42", "--json")
    #expect(try events(found.output).compactMap { $0["id"] } == [.string(id)])
    #expect(try await site.bus("jobs", "ls", "--json", "--where", "args.userID == '42'").output == "")
    #expect(try await site.bus("jobs", "show", String(id.prefix(16))).output.hasPrefix("job "))
    let why = try await site.bus("why", id)
    #expect(why.status == 0 && why.output.hasPrefix(#"search.IndexUser {"userID":42}  "#))
    #expect(try events(try await site.bus("why", id, "--json").output)[0]["job"]?["id"] == .string(id))
    #expect(try await site.bus("queues", "search").output.contains("search/default"))
  }

  @Test func `BS11 a queue is paused, drained, shown so over a restart, and resumed`() async throws {
    let site = try Site()
    try await site.startBusd()
    _ = try await site.bus("enqueue", "search.IndexUser", #"{"userID":42}"#)
    let paused = try await site.bus("queues", "pause", "search/default", "--for", "10m", "--reason", "rebuild")
    #expect(paused.status == 0, "\(paused.error)")
    #expect(paused.output.hasPrefix("search/default is paused: nothing new starts, it ends in "))
    #expect(try await site.bus("queues").output.contains("(rebuild)"))
    #expect(try await site.bus("queues", "drain", "search/default").output.contains("takes no new jobs"))
    let refused = try await site.bus("enqueue", "search.IndexUser", #"{"userID":43}"#)
    #expect(refused.status == 1 && refused.error.contains("it is being drained"), "\(refused.error)")
    #expect(try await site.bus("queues", "resume", "search/default").output == "search/default goes on\n")
    #expect(try await site.bus("queues", "resume", "search/default").output == "search/default was not stopped\n")
    #expect(try await site.bus("enqueue", "search.IndexUser", #"{"userID":43}"#).status == 0)
  }

  @Test func `what is not there is status 4`() async throws {
    let site = try Site()
    try await site.startBusd()
    let missing = "01JEXK7QM3T0ABCDEFGH012345"
    for arguments in [
      ["jobs", "show", missing], ["why", missing], ["why", "#7"], ["why", "01JEXK"], ["queues", "nowhere"],
      ["subs", "nowhere"], ["topology", "show", "--running"],
    ] {
      let result = try await Program(arguments, environment: site.environment).end()
      #expect(result.status == 4, "\(arguments): \(result.error)")
      #expect(result.output == "")
    }
    #expect(try await site.bus("why", missing).error.hasPrefix("error: there is no job and no event \(missing)\n"))
  }

  @Test func `the spool is measured and verified, and damage is status 65`() async throws {
    let site = try Site()
    try await site.startBusd()
    for number in 1...3 { #expect(try await site.bus("publish", "counted", #"{"n":\#(number)}"#).status == 0) }
    let stat = try await site.bus("spool", "stat")
    #expect(stat.output.hasPrefix("directory  \(site.directory)/state/spool\nevents     3, #1 to #3\n"))
    try await site.stopBusd()
    let good = try await site.bus("spool", "verify")
    #expect(good.status == 0 && good.error == "")
    #expect(good.output.hasSuffix("\nok: 3 events in 1 segment\n"))
    let spool = "\(site.directory)/state/spool"
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: spool).first { good.output.hasPrefix($0) })
    let handle = try #require(FileHandle(forWritingAtPath: "\(spool)/\(name)"))
    try handle.seek(toOffset: 4096 + 40)
    try handle.write(contentsOf: Data([0xFF, 0xFF, 0xFF]))
    try handle.close()
    let bad = try await site.bus("spool", "verify", "--json")
    #expect(bad.status == 65)
    #expect(try events(bad.output)[0]["sound"] == false)
    #expect(try JSONParser.parse(Array(bad.error.utf8.dropLast()))["code"] == "BUS-E0303")
  }

  @Test func `X33 dev runs all, and one Ctrl-C leaves nothing behind`() async throws {
    let site = try Site()
    let file = try site.file(
      "t.yaml",
      """
      version: 1
      engines:
        a:
          binary: /bin/sh
          arguments: [-c, "echo up $$ $BUS_SLOT $BUS_ENDPOINT; sleep 1000 & echo child $!; wait"]
          workers: { processes: 2, shutdown: 5s }
      """)
    let dev = try site.start("dev", "--topology", file)
    try await eventually("two are up: \(dev.output) \(dev.error)") {
      dev.output.contains("a.1  | child") && dev.output.contains("a.2  | child")
    }
    let pids = dev.output.split(separator: "\n").compactMap { line -> Int32? in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(where: { $0 == "up" || $0 == "child" }) else { return nil }
      return Int32(words[index + 1])
    }
    #expect(pids.count == 4)
    #expect(dev.error.contains("export BUS_ENDPOINT=ipc:///tmp/bus-dev."))
    #expect(dev.error.contains("export BUS_RUNTIME_DIR=/tmp/bus-dev."))
    let endpoint = try #require(dev.error.split(separator: "export BUS_ENDPOINT=").last?.split(separator: "\n").first)
    #expect(try await Program.bus("queues", "--endpoint", String(endpoint)).status == 0)
    dev.signal(SIGINT)
    let end = try await dev.end()
    #expect(end.status == 130)
    for pid in pids { try await eventually("\(pid) is gone") { kill(pid, 0) != 0 } }
    let directory = String(endpoint.dropFirst("ipc://".count).prefix { $0 != "/" || true }.split(separator: "/")[1])
    #expect(!FileManager.default.fileExists(atPath: "/tmp/\(directory)"))
  }

  @Test func `dev ends when busd cannot start`() async throws {
    let site = try Site()
    let notDirectory = try site.file("state", "")
    let result = try await site.bus("dev", "--state-dir", notDirectory)
    #expect(result.status == 1)
    #expect(result.error.contains("error: busd ended before it was ready"))
  }
}
