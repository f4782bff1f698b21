import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// `bus work` with real engines and a real busd.
  @Suite(.timeLimit(.minutes(3))) struct WorkTests {
    /// The topology of the fixture, with so many processes and more settings of theirs.
    private func topology(_ site: Site, processes: Int, _ more: String = "") throws -> String {
      let link = "\(site.directory)/fixture"
      if symlink(Program.path(of: "BusFixture"), link) != 0, errno != EEXIST { throw POSIXError(.EIO) }
      return try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: \(link)
            arguments: [engine]
            workers: { processes: \(processes), concurrency: 2, shutdown: 20s\(more) }
        """, to: "topology.yaml")
    }

    private func work(_ site: Site, _ file: String) throws -> Program {
      try site.start(
        "bus", ["work", "--topology", file, "--endpoint", "ipc://\(site.directory)/run/busd.requests.ipc"])
    }

    /// What `bus ps` shows.
    private func processes(_ site: Site) async throws -> [JSONValue] {
      let (code, text) = try await site.bus("ps", "--json")
      guard code == 0 else { return [] }
      return try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    private func states(_ site: Site) async throws -> [String] {
      try await processes(site).compactMap { $0["state"].flatMap(String.init(jsonValue:)) }
    }

    private func pids(_ site: Site) async throws -> [Int32] {
      try await processes(site).compactMap { $0["pid"].flatMap(Int32.init(jsonValue:)) }
    }

    private func doneCount(_ client: BusClient) async throws -> Int {
      guard case .array(let queues)? = try await client.ask("queues")["queues"] else { return 0 }
      return queues.compactMap { $0["done"].flatMap(Int.init(jsonValue:)) }.reduce(0, +)
    }

    @Test func `EH7 an engine is ready when it is at busd, and starting until then`() async throws {
      let site = try Site()
      let file = try topology(site, processes: 2)
      let work = try work(site, file)
      try await eventually("they are started: \(work.text)") {
        try await processes(site).compactMap { $0["pid"].flatMap(Int.init(jsonValue:)) }.count == 2
      }
      #expect(try await states(site) == ["starting", "starting"])
      try await site.startBusd(["--topology", file])
      try await eventually("they are ready: \(work.text)") { try await states(site) == ["ready", "ready"] }
      #expect(work.text.contains("-- ready in "))
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `EH15 X32 an engine that hangs is replaced, and its job runs again`() async throws {
      let site = try Site()
      let file = try topology(site, processes: 1, ", watchdog: 1s")
      try await site.startBusd(["--topology", file])
      let work = try work(site, file)
      try await eventually("it is ready: \(work.text)") { try await states(site) == ["ready"] }
      try await site.withClient { client in
        _ = try await client.enqueue("Hold", engine: "fixture", ["key": 1], workerLock: "fixture.Hold(1)")
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        let pid = try #require(try await pids(site).first)
        // It beats: it is left alone for longer than the watchdog's time.
        let before = ContinuousClock.now
        try await eventually("time passes") { ContinuousClock.now - before > .seconds(2) }
        #expect(try await pids(site) == [pid])
        kill(pid, SIGSTOP)
        try await eventually(within: .seconds(20), "it is replaced: \(work.text)") {
          let now = try await pids(site)
          return now.count == 1 && now != [pid]
        }
        #expect(work.text.contains("-- stuck: not heard for "))
        try site.release(1)
        try await eventually(within: .seconds(30), "the job is done") { try await doneCount(client) == 1 }
      }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `EH4 an upgrade under load loses and cuts no job`() async throws {
      let site = try Site()
      let file = try topology(site, processes: 3)
      try await site.startBusd(["--topology", file])
      let work = try work(site, file)
      try await eventually("they are ready: \(work.text)") { try await states(site) == ["ready", "ready", "ready"] }
      let old = try await pids(site)
      try await site.withClient { client in
        // Each takes a while, so that there is always one in each hand.
        for number in 1...150 {
          _ = try await client.enqueue(
            "Slow", engine: "fixture",
            ["key": number.jsonValue, "number": number.jsonValue, "milliseconds": 200],
            workerLock: "fixture.Slow(\(number))")
        }
        let (code, text) = try await site.bus("upgrade", "fixture")
        #expect(code == 0, "\(text)")
        #expect(text.contains("fixture  3 of 3 replaced in "))
        #expect(text.contains("none was cut short"))
        #expect(try await doneCount(client) < 150, "the upgrade was under load")
        try await eventually(within: .seconds(60), "all are done") { try await doneCount(client) == 150 }
      }
      let starts = site.evidence.filter { $0[0] == "start" }.map { $0[1] }
      let ends = site.evidence.filter { $0[0] == "end" }.map { $0[1] }
      #expect(starts.count == 150, "no job was begun twice")
      #expect(Set(ends).count == 150)
      let new = try await pids(site)
      #expect(Set(new).isDisjoint(with: old))
      for pid in old { #expect(kill(pid, 0) != 0) }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }
  }
}

extension EndToEnd.WorkTests {
  @Test func `a program of any language does jobs, and its exit status says how they went`() async throws {
    let site = try Site()
    try await site.startBusd()
    let command = """
      read job; echo "$BUS_WORKER $BUS_ATTEMPT $job" >> \(site.directory)/jobs
      case $job in *dead*) echo never like this >&2; exit 65;; *later*) [ $BUS_ATTEMPT = 2 ] || exit 75;; esac
      """
    let work = try site.start(
      "bus",
      [
        "work", "-n", "2", "--exec", command, "--queue", "mail/default", "--worker", "Send", "--worker", "Sort",
        "--endpoint", "ipc://\(site.directory)/run/busd.requests.ipc",
      ])
    try await site.withClient { client in
      let long = JSONValue.string(String(repeating: "x", count: 200_000))
      _ = try await client.enqueue("Send", engine: "mail", ["to": "a"])
      _ = try await client.enqueue("Sort", engine: "mail", ["to": "dead"])
      _ = try await client.enqueue("Send", engine: "mail", ["to": "later"])
      _ = try await client.enqueue("Send", engine: "mail", ["to": long])
      func count(_ state: String) async throws -> Int {
        guard case .array(let list)? = try await client.ask("jobs", ["state": .string(state)])["jobs"] else { return 0 }
        return list.count
      }
      try await eventually(within: .seconds(30), "three are done, one is dead: \(work.text)") {
        let (done, dead) = (try await count("done"), try await count("dead"))
        return done == 3 && dead == 1
      }
      guard case .array(let dead)? = try await client.ask("jobs", ["state": "dead"])["jobs"] else { return }
      #expect(try Job(json: try #require(dead.first)).failures.last?.error == "exited 65: never like this")
    }
    let text = try String(contentsOfFile: "\(site.directory)/jobs", encoding: .utf8)
    let lines: [Substring] = text.split(separator: "\n").sorted { $0.count < $1.count }
    #expect(lines.count == 5)
    #expect(lines.last?.count ?? 0 > 200_000, "an input of any size comes whole")
    #expect(lines.count { $0.hasPrefix("Send 2 ") && $0.contains("\"inputs\":{\"to\":\"later\"}") } == 1)
    work.signal(SIGTERM)
    #expect(try await work.end() == 0)
  }

  @Test func `HK5 a program that runs when its worker is told to end gives its job back`() async throws {
    let site = try Site()
    try await site.startBusd()
    let command = "echo $$ $BUS_ATTEMPT >> \(site.directory)/runs; exec sleep 1000"
    func start() throws -> Program {
      try site.start(
        "bus", ["exec", "--queue", "mail/default", "--worker", "Send", "--", "sh", "-c", command],
        environment: ["BUS_SHUTDOWN": "0"])
    }
    func runs() -> [String] {
      let text = (try? String(contentsOfFile: "\(site.directory)/runs", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map(String.init)
    }
    let first = try start()
    try await site.withClient { client in
      _ = try await client.enqueue("Send", engine: "mail", ["to": "a"])
      try await eventually("it runs: \(first.text)") { runs().count == 1 }
      first.signal(SIGTERM)
      #expect(try await first.end() == 0)
      let pid = try #require(runs().first.flatMap { Int32($0.prefix { $0 != " " }) })
      try await eventually("the program has ended") { kill(pid, 0) != 0 }
      let second = try start()
      try await eventually("it runs again: \(second.text)") { runs().count == 2 }
      #expect(runs().last?.hasSuffix(" 1") == true, "the attempt did not count: \(runs())")
      second.signal(SIGKILL)
      _ = try await second.end()
      let last = try #require(runs().last.flatMap { Int32($0.prefix { $0 != " " }) })
      try await eventually("nothing is left of a worker that is killed") {
        guard let stat = try? String(contentsOfFile: "/proc/\(last)/stat", encoding: .utf8) else { return true }
        return stat.contains(") Z ")
      }
    }
  }
}
