import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// What the daemon and the engines leave on disk, and who could get at it.
  @Suite(.timeLimit(.minutes(3))) struct PrivacyTests {
    private func mode(_ path: String) -> mode_t? {
      var status = stat()
      return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// A program under the most open mask that there is.
    private func openly(_ site: Site, _ program: String, _ arguments: [String]) throws -> Program {
      let command = "umask 000; ulimit -c unlimited; exec \"$0\" \"$@\""
      return try site.start("/bin/sh", ["-c", command, Program.path(of: program)] + arguments)
    }

    private func line(_ name: String, in file: String) throws -> String {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      return try #require(text.split(separator: "\n").first { $0.hasPrefix(name) }.map(String.init))
    }

    @Test func `I32 what nobody is to see is not kept with an error either, nor shown in an inbox`() async throws {
      let site = try Site()
      let file = try site.write(
        "version: 1\nengines:\n  shop: { binary: shop, redact: [inputs.email] }\n", to: "topology.yaml")
      try await site.startBusd(["--topology", file])
      let asked = try await site.bus(
        "enqueue", "shop.Mail", #"{"email":"swordfish"}"#, "--notify", "user:42")
      let id = try #require(
        asked.text.split { !$0.isLetter && !$0.isNumber }.first { $0.utf8.count == 26 }.map(String.init), "\(asked)")
      let worker = try site.start(
        "bus",
        [
          "exec", "--queue", "shop/default", "--worker", "Mail", "--", "/bin/sh", "-c",
          "echo no such address: swordfish >&2; exit 65",
        ])
      defer { worker.signal(SIGKILL) }
      try await site.withClient { client in
        var job: JSONValue?
        try await eventually("the job is dead: \(worker.text)") {
          job = try await client.ask("job", ["id": .string(id)])["job"]
          return job?["state"] == "dead"
        }
        // A service is shown the inputs: the error was kept without them.
        let failures = job?["failures"]?.text ?? ""
        #expect(failures.contains("[redacted]") && !failures.contains("swordfish"), "\(failures)")
      }
      let inbox = try await site.bus("inbox", "user:42", "--json")
      #expect(inbox.text.contains("[redacted]") && !inbox.text.contains("swordfish"), "\(inbox.text)")
    }

    @Test func `all that busd, engines and supervisor make is their user's alone, and busd writes no core`()
      async throws
    {
      let site = try Site()
      let busd = try openly(site, "busd", [])
      try await eventually("busd is ready: \(busd.text)") { busd.text.contains("busd ready") }
      let link = "\(site.directory)/fixture"
      #expect(symlink(Program.path(of: "BusFixture"), link) == 0)
      let file = try site.write(
        "version: 1\nengines:\n  fixture: { binary: \(link), arguments: [engine] }\n", to: "topology.yaml")
      let work = try openly(
        site, "bus",
        ["work", "--topology", file, "--endpoint", "ipc://\(site.directory)/run/busd.requests.ipc"])
      try await site.withClient { client in
        try await eventually("the engine is ready") { work.text.contains("-- ready") }
        client.publish("noted", ["key": 1])
        try await eventually("its worker has run: \(work.text)") { site.evidence.contains { $0.first == "note" } }
        #expect(try await site.bus("scale", "fixture=2").code == 0)
      }
      var checked = 0
      for directory in ["state", "run"] {
        let root = "\(site.directory)/\(directory)"
        let names = try #require(FileManager.default.subpaths(atPath: root))
        for path in [root] + names.map({ "\(root)/\($0)" }) {
          // Gone since it was listed: an outbox of a process that ended.
          guard let mode = mode(path) else { continue }
          checked += 1
          #expect(mode & 0o077 == 0, "\(path) has mode \(String(mode, radix: 8))")
        }
      }
      #expect(checked > 12, "spool, jobs, outboxes and sockets are there")
      #expect(try line("Max core file size", in: "/proc/\(busd.id)/limits").split(separator: " ")[4] == "0")
      #expect(try line("Umask", in: "/proc/\(busd.id)/status") == "Umask:\t0077")
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
      busd.signal(SIGTERM)
      #expect(try await busd.end() == 0)
    }

    @Test func `busd leaves the limit of cores where it is told to`() async throws {
      let site = try Site()
      let command = "ulimit -c unlimited; exec \"$0\" --core-dumps"
      let busd = try site.start("/bin/sh", ["-c", command, Program.path(of: "busd")])
      try await eventually("busd is ready: \(busd.text)") { busd.text.contains("busd ready") }
      #expect(try line("Max core file size", in: "/proc/\(busd.id)/limits").split(separator: " ")[4] == "unlimited")
      busd.signal(SIGTERM)
      #expect(try await busd.end() == 0)
    }

    @Test(arguments: ["state/jobs.db", "state/spool/lock"])
    func `a link where busd has its file is not followed, and its target stays as it was`(name: String) async throws {
      let site = try Site()
      let victim = try site.write("precious", to: "victim")
      #expect(chmod(victim, 0o644) == 0)
      let path = "\(site.directory)/\(name)"
      let directory = URL(filePath: path).deletingLastPathComponent().path
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      #expect(symlink(victim, path) == 0)
      let busd = try site.start("busd", [])
      #expect(try await busd.end() != 0, "\(busd.text)")
      #expect(busd.text.contains("error: ") && busd.text.contains("help: "), "\(busd.text)")
      #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
      #expect(mode(victim) == 0o644)
    }

    @Test func `a link where the supervisor has its lock is not followed`() async throws {
      let site = try Site()
      let victim = try site.write("precious", to: "victim")
      try await site.startBusd()
      let first = try site.start("bus", ["work", "-n", "1", "--ready", "10ms", "--", "/bin/sleep", "1000"])
      func locks() -> [String] {
        (FileManager.default.subpaths(atPath: "\(site.directory)/run") ?? []).filter { $0.hasSuffix(".lock") }
      }
      try await Crew(site, work: first).waitUntil("it is ready") { $0.map(\.state) == ["ready"] }
      first.signal(SIGTERM)
      #expect(try await first.end() == 0)
      let lock = "\(site.directory)/run/\(try #require(locks().first))"
      try FileManager.default.removeItem(atPath: lock)
      #expect(symlink(victim, lock) == 0)
      let second = try site.start("bus", ["work", "-n", "1", "--", "/bin/sleep", "1000"])
      #expect(try await second.end() != 0, "\(second.text)")
      #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
    }

    @Test func `a state directory that others may write to is refused with what to do`() async throws {
      let site = try Site()
      let state = "\(site.directory)/state"
      try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
      #expect(chmod(state, 0o777) == 0)
      let busd = try site.start("busd", [])
      #expect(try await busd.end() == 78, "\(busd.text)")
      #expect(busd.text.contains("error: the directory \(state) is not used: its mode lets others write to it"))
      #expect(busd.text.contains("run chmod o-w \(state)"))
    }

    @Test func `I32 values of variables that look secret are in no answer`() async throws {
      let site = try Site()
      let file = try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: \(Program.path(of: "BusFixture"))
            arguments: [engine]
            workers:
              env: { DB_PASSWORD: swordfish, LOG_LEVEL: info, DATABASE_URL: "postgres://a:swordfish@db/x" }
        """, to: "topology.yaml")
      try await site.startBusd(["--topology", file])
      for arguments in [
        ["topology", "show", file], ["topology", "show", "--running"], ["topology", "show", "--json", file],
      ] {
        let program = try site.start("bus", arguments)
        #expect(try await program.end() == 0, "\(program.text)")
        #expect(!program.text.contains("swordfish") && program.text.contains("[hidden]"), "\(program.text)")
        #expect(program.text.contains("info"))
      }
    }

    static let hostile = [
      "<img src=x onerror=alert(1)>", "../../x", "'; drop table jobs; --", "a\nb", "a\u{1B}[2Jb",
      String(repeating: "x", count: 201), "", "é",
    ]

    @Test func `I33 hostile names are refused by commands, wire and topology, and shown harmless`() async throws {
      let site = try Site()
      try await site.startBusd()
      for name in Self.hostile {
        for arguments in [
          ["publish", name, "{}"], ["enqueue", "shop/default", name, "{}"], ["enqueue", "shop/\(name)", "Ship", "{}"],
          ["enqueue", "\(name)/default", "Ship", "{}"], ["jobs", "list", "--queue", "shop/\(name)"],
          ["queues", "pause", "shop/\(name)"],
        ] {
          let program = try site.start("bus", arguments)
          #expect(try await program.end() != 0, "\(arguments)")
          #expect(!program.text.contains("\u{1B}[2J"))
        }
        let key = JSONValue.string(name).text
        for text in [
          "version: 1\nengines: { \(key): { binary: x } }\n",
          "version: 1\nengines: { a: { binary: x, queues: { \(key): {} } } }\n",
          "version: 1\nretry: { \(key): {} }\n",
        ] {
          let file = try site.write(text, to: "hostile.yaml")
          let program = try site.start("bus", ["topology", "check", "--no-binaries", file])
          #expect(try await program.end() == 65, "\(text)\(program.text)")
          #expect(!program.text.contains("\u{1B}[2J"), "\(program.text)")
        }
      }
      try await site.withClient { client in
        for name in Self.hostile {
          await #expect(throws: BusError.self) { try await client.ask("jobs", ["queue": .string("shop/\(name)")]) }
          await #expect(throws: BusError.self) { try await client.ask("why", ["event": .string(name)]) }
        }
        let head = try await client.ask("status")["head"]
        #expect(head == 0)
        let jobs = try await client.ask("jobs")["jobs"]
        #expect(jobs == .array([]))
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: site.directory).sorted() == [
          "hostile.yaml", "run", "state",
        ])
    }
  }
}
