import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// `bus work` that becomes another program, with its processes.
  @Suite(.timeLimit(.minutes(3))) struct SupervisorUpgradeTests {
    /// A directory in which `current` leads to one release after the other, each with a `bus` of its own.
    private final class Releases {
      let site: Site
      var current: String { "\(site.directory)/current/bus" }

      init(_ site: Site) throws {
        self.site = site
        for name in ["one", "two"] {
          try FileManager.default.createDirectory(
            atPath: "\(site.directory)/\(name)", withIntermediateDirectories: true)
          try FileManager.default.linkItem(atPath: Program.path(of: "bus"), toPath: "\(site.directory)/\(name)/bus")
        }
        try lead(to: "one")
      }

      func lead(to name: String) throws {
        let next = "\(site.directory)/next"
        try FileManager.default.createSymbolicLink(atPath: next, withDestinationPath: "\(site.directory)/\(name)")
        guard rename(next, "\(site.directory)/current") == 0 else { throw POSIXError(.EIO) }
      }

      /// A release whose `bus` is a script.
      func write(_ name: String, _ script: String, language: String = "/bin/sh") throws {
        let directory = "\(site.directory)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // Another process writes it: none that is just being started may have it open.
        let path = try site.write("#!\(language)\n\(script)\n", to: "\(name).sh")
        guard rename(path, "\(directory)/bus") == 0, chmod("\(directory)/bus", 0o755) == 0 else {
          throw POSIXError(.EIO)
        }
      }
    }

    private func processes(_ site: Site) async throws -> [JSONValue] {
      let (code, text) = try await site.bus("ps", "--json")
      guard code == 0 else { return [] }
      return try text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try JSONParser.parse(Array($0.utf8)) }
    }

    private func pids(_ site: Site, ready count: Int) async throws -> [Int32] {
      var pids: [Int32] = []
      try await eventually("\(count) are ready") {
        let ready = try await processes(site).filter { $0["state"] == "ready" }
        pids = ready.compactMap { $0["pid"].flatMap(Int32.init(jsonValue:)) }
        return pids.count == count
      }
      return pids
    }

    /// Replaces the supervisor's program, and tells what the command says.
    private func replace(_ site: Site) async throws -> String {
      let program = try site.start("bus", ["upgrade", "--supervisor"])
      #expect(try await program.end() == 0)
      try await eventually("it says so") { program.text.hasSuffix("\n") }
      return program.text
    }

    private func isAlive(_ pid: Int32) -> Bool {
      guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
      return !stat.contains(") Z ")
    }

    private func executable(of program: Program) throws -> String {
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(program.id)/exe")
    }

    /// Counts in lines that are written in two halves.
    private static let ticking = "i=0; while :; do printf 'tick '; sleep 0.01; echo $i; i=$((i+1)); done"

    @Test func `EH19 EH18 the program of a changed link goes on with all processes, and no line is lost`() async throws
    {
      let site = try Site()
      let releases = try Releases(site)
      let work = try site.start(
        releases.current, ["work", "-n", "3", "--ready", "10ms", "--", "/bin/sh", "-c", Self.ticking])
      let before = try await pids(site, ready: 3)
      #expect(try executable(of: work) == "\(site.directory)/one/bus")
      let follower = try site.start("bus", ["logs", "sh.2", "--follow"])
      try await eventually("it follows") { follower.text.contains("tick") }

      for name in ["two", "one", "two"] {
        try releases.lead(to: name)
        let text = try await replace(site)
        #expect(
          text.contains("supervisor \(work.id)  \(ProjectVersion.text) -> \(ProjectVersion.text), 3 processes kept"))
        #expect(text.contains(" -> \(site.directory)/\(name)/bus"))
        #expect(try executable(of: work) == "\(site.directory)/\(name)/bus")
        #expect(try await pids(site, ready: 3) == before)
      }
      let count = follower.lines.count
      try await eventually("it still follows") { follower.lines.count > count + 5 }
      #expect(try await site.bus("logs", "sh.1").text.contains("tick"))
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
      #expect(try await follower.end() == 0)
      for process in ["sh.1", "sh.2", "sh.3"] {
        // It may have been told to end in the middle of one.
        let ticks = work.lines.filter { $0.hasPrefix("\(process) | tick") && $0 != "\(process) | tick " }
        #expect(ticks.count > 10)
        #expect(ticks == ticks.indices.map { "\(process) | tick \($0)" }, "each line is there, once and whole")
      }
      for pid in before { #expect(!isAlive(pid)) }
    }

    @Test func `EH19 a process that dies and a signal that comes in the gap are noticed`() async throws {
      let site = try Site()
      let releases = try Releases(site)
      let work = try site.start(
        releases.current, ["work", "-n", "2", "--ready", "10ms", "--", "/bin/sh", "-c", "echo up $$; exec sleep 1000"])
      let before = try await pids(site, ready: 2)
      // The new program begins as a script, in the same process: nobody waits for children then.
      try releases.write(
        "gap",
        """
        import os, signal, sys
        def act(name, pid, number):
            path = "\(site.directory)/" + name
            if "BUS_TAKEOVER" in os.environ and os.path.exists(path): os.kill(pid or int(open(path).read()), number)
        act("victim", None, signal.SIGKILL)
        act("end", os.getpid(), signal.SIGTERM)
        # As which it was started, for the next time.
        os.execv("\(site.directory)/two/bus", ["\(releases.current)"] + sys.argv[1:])
        """, language: "/usr/bin/python3")
      _ = try site.write("\(before[0])", to: "victim")
      try releases.lead(to: "gap")
      _ = try await replace(site)
      try await eventually("it is replaced: \(work.text)") {
        let now = try await pids(site, ready: 2)
        return !now.contains(before[0]) && now.contains(before[1])
      }
      #expect(work.text.contains("sh.1 | -- was killed by signal 9 after "))

      try FileManager.default.removeItem(atPath: "\(site.directory)/victim")
      _ = try site.write("", to: "end")
      let last = try site.start("bus", ["upgrade", "--supervisor"])
      #expect(try await work.end() == 0)
      try await eventually("they were told to end: \(work.text)") { work.text.contains("sh.2 | -- told to end") }
      _ = try await last.end()
      #expect(!isAlive(before[1]))
    }

    @Test func `EH11 SIGHUP replaces the processes, as often as it comes, where there is no terminal`() async throws {
      let site = try Site()
      let session = try site.start(
        "/usr/bin/setsid",
        ["--wait", Program.path(of: "bus"), "work", "-n", "2", "--ready", "10ms", "--", "/bin/sleep", "1000"])
      var before = try await pids(site, ready: 2)
      let lock = try String(contentsOfFile: "\(site.directory)/run/work.control.lock", encoding: .utf8)
      let supervisor = try #require(Int32(lock.prefix { $0 != "\n" }))
      for _ in 1...2 {
        #expect(kill(supervisor, SIGHUP) == 0)
        try await eventually("both are replaced: \(session.text)") {
          try await Set(pids(site, ready: 2)).isDisjoint(with: before)
        }
        before = try await pids(site, ready: 2)
      }
      #expect(kill(supervisor, SIGTERM) == 0)
      #expect(try await session.end() == 0)
    }

    @Test func `EH19 nobody who asks meanwhile is turned away`() async throws {
      let site = try Site()
      let releases = try Releases(site)
      let work = try site.start(releases.current, ["work", "-n", "2", "--ready", "10ms", "--", "/bin/sleep", "1000"])
      let before = try await pids(site, ready: 2)
      let asking = try site.start(
        "/bin/sh",
        [
          "-c",
          "cd \(site.directory); while [ ! -e enough ]; do \(Program.path(of: "bus")) ps --json > answer || cat answer; done; echo done",
        ])
      for _ in 1...10 { _ = try await replace(site) }
      _ = try site.write("", to: "enough")
      #expect(try await asking.end() == 0)
      #expect(asking.text == "done\n")
      #expect(try await pids(site, ready: 2) == before)
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `EH19 a program that cannot go on changes nothing`() async throws {
      let site = try Site()
      let releases = try Releases(site)
      let work = try site.start(
        releases.current, ["work", "-n", "2", "--ready", "10ms", "--", "/bin/sh", "-c", Self.ticking])
      let before = try await pids(site, ready: 2)
      func refused(_ expected: String) async throws {
        let program = try site.start("bus", ["upgrade", "--supervisor"])
        #expect(try await program.end() != 0)
        try await eventually("\(expected): \(program.text)") { program.text.contains(expected) }
        #expect(try await pids(site, ready: 2) == before)
        #expect(try executable(of: work) == "\(site.directory)/one/bus")
      }
      try releases.write("old", "echo 'unknown option' >&2; exit 64")
      try releases.lead(to: "old")
      try await refused("old/bus cannot go on with what runs: it exited 64, it said: unknown option")
      try releases.write("silent", "exit 0")
      try releases.lead(to: "silent")
      try await refused("silent/bus cannot go on with what runs: it exited 0")
      // It consents, and is gone the next moment.
      try releases.write("gone", "rm $0; exec \(site.directory)/two/bus \"$@\"")
      try releases.lead(to: "gone")
      try await refused("gone/bus cannot be started: no such file or directory")
      try releases.lead(to: "nowhere")
      try await refused("no program '\(releases.current)'")
      try releases.lead(to: "two")
      _ = try await replace(site)
      #expect(try await pids(site, ready: 2) == before)
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `EH14 EH19 what a replaced supervisor left behind ends with it, and not before`() async throws {
      let site = try Site()
      let releases = try Releases(site)
      let file = try site.write(
        """
        version: 1
        engines:
          fixture:
            binary: \(Program.path(of: "BusFixture"))
            arguments: [engine]
            workers: { processes: 2, shutdown: 20s, watchdog: 5s }
        """, to: "topology.yaml")
      try await site.startBusd(["--topology", file])
      let endpoint = "ipc://\(site.directory)/run/busd.requests.ipc"
      let work = try site.start(releases.current, ["work", "--topology", file, "--endpoint", endpoint])
      let before = try await pids(site, ready: 2)
      try await site.withClient { client in
        _ = try await client.enqueue("Hold", engine: "fixture", ["key": 1], workerLock: "fixture.Hold(1)")
        try await eventually("it runs") { site.evidence.contains { $0[0] == "held" } }
        for _ in 1...2 {
          _ = try await replace(site)
        }
        #expect(try await pids(site, ready: 2) == before)
        try site.release(1)
        try await eventually("the job is done by the same process") {
          guard case .array(let list)? = try await client.ask("jobs", ["state": "done"])["jobs"] else { return false }
          return list.count == 1
        }
        // Heard on the socket that the first program had made.
        let after = ContinuousClock.now
        try await eventually("the watchdog's time passes") { ContinuousClock.now - after > .seconds(6) }
        #expect(try await pids(site, ready: 2) == before)
      }
      work.signal(SIGKILL)
      _ = try await work.end()
      try await eventually("none is left") { before.allSatisfy { !isAlive($0) } }
    }

    @Test func `EH16 no connection is refused while the supervisor and then its processes are replaced`() async throws {
      let site = try Site()
      let releases = try Releases(site)
      let server = """
        import os, select, signal, socket
        listener = socket.socket(fileno=3)
        listener.setblocking(False)
        stopping = []
        signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
        while not stopping:
            if not select.select([listener], [], [], 0.05)[0]: continue
            try: peer, _ = listener.accept()
            except BlockingIOError: continue
            peer.sendall(b"%d" % os.getpid())
            peer.close()
        """
      let client = """
        import socket, sys, time
        refused, answers, path = 0, set(), sys.argv[2]
        print("asking", flush=True)
        import os
        while not os.path.exists(path):
            try:
                with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as peer:
                    peer.settimeout(10)
                    answers.add(peer.recv(100))
            except OSError as error: refused += 1; print(error)
        print("refused", refused, "of", len(answers), b"" in answers)
        """
      let work = try site.start(
        releases.current,
        ["work", "--listen", "127.0.0.1:0", "-n", "2", "--ready", "500ms", "--", "/usr/bin/python3", "-c", server])
      let before = try await pids(site, ready: 2)
      let place = try #require(work.text.firstMatch(of: #/listens at 127\.0\.0\.1:(\d+)/#))
      let asking = try site.start(
        "/usr/bin/python3", ["-c", client, String(place.output.1), "\(site.directory)/enough"])
      try await eventually("it asks") { asking.text.contains("asking") }
      for arguments in [["upgrade", "--supervisor"], ["upgrade"], ["upgrade", "--supervisor"]] {
        let command = try site.start("bus", arguments)
        #expect(try await command.end() == 0, "\(command.text)")
      }
      let after = try await pids(site, ready: 2)
      #expect(Set(before).isDisjoint(with: after))
      #expect(try await site.bus("ps").text.contains("listens at 127.0.0.1:\(place.output.1)"))
      _ = try site.write("", to: "enough")
      #expect(try await asking.end() == 0)
      let last = try #require(asking.lines.last)
      #expect(last.hasPrefix("refused 0 of ") && last.hasSuffix(" False"), "\(asking.text.suffix(300))")
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }

    @Test func `EH16 sockets that systemd has bound are handed on, also after a replacement`() async throws {
      let site = try Site()
      let script = """
        import os, socket, sys
        one, two = socket.socket(), socket.socket(socket.AF_UNIX)
        one.bind(("127.0.0.1", 0)); one.listen(); two.bind(sys.argv[1] + "/web.socket"); two.listen()
        for number, each in ((20, one), (21, two)): os.dup2(each.fileno(), number)
        one.close(); two.close()
        for number in (3, 4): os.dup2(number + 17, number, inheritable=True)
        os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="http:local")
        os.execv(sys.argv[2], ["bus"] + sys.argv[3:])
        """
      let say =
        "echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && ls -l /proc/$$/fd/3 /proc/$$/fd/4; sleep 1000"
      let work = try site.start(
        "/usr/bin/python3",
        ["-c", script, site.directory, Program.path(of: "bus"), "work", "--ready", "10ms", "--", "/bin/sh", "-c", say],
        environment: [
          "PATH": "\(URL(filePath: Program.path(of: "bus")).deletingLastPathComponent().path):/usr/bin:/bin"
        ])
      _ = try await pids(site, ready: 1)
      _ = try await replace(site)
      #expect(try await site.bus("upgrade").code == 0)
      try await eventually("both have said it: \(work.text)") {
        work.lines.count { $0 == "sh.1 | 2 http:local" } == 1 && work.lines.count { $0 == "sh.2 | 2 http:local" } == 1
          && work.lines.count { $0.contains("-> socket:[") } == 4
      }
      work.signal(SIGTERM)
      #expect(try await work.end() == 0)
    }
  }
}
