import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Python programs, written from the protocol article alone, against the real daemon.
  struct OtherLanguageTests {
    /// A Python that has pyzmq: Debian's, or the one in PATH.
    private func python() async throws -> String? {
      for candidate in ["/usr/bin/python3", "/usr/local/bin/python3"] {
        guard FileManager.default.isExecutableFile(atPath: candidate) else { continue }
        let probe = try Program(candidate, ["-c", "import zmq"])
        if try await probe.end() == 0 { return candidate }
      }
      return nil
    }

    private func script(_ name: String) -> String {
      URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Python/\(name).py").path
    }

    @Test func `QB18 Python publishes, listens and works`() async throws {
      let python = try #require(try await python(), "no Python with pyzmq: apt-get install python3-zmq")
      let site = try Site()
      try await site.startBusd()
      let endpoint = { (name: String) in "ipc://\(site.directory)/run/busd.\(name).ipc" }
      let listener = try Program(python, [script("listener"), endpoint("live"), "user_"])
      let worker = try Program(python, [script("worker"), endpoint("requests"), "pets", "default", "Feed"])
      try await site.withClient { client in
        try await eventually("the listener gets events") {
          let publisher = try Program(
            python, [script("publisher"), endpoint("requests"), "user_changed", #"{"id": 42}"#])
          #expect(try await publisher.end() == 0, "\(publisher.text)")
          return listener.text.contains("user_changed")
        }
        #expect(listener.text.contains("42"))
        let outcome = try await client.enqueue("Feed", engine: "pets", ["name": "Rex"])
        try await eventually("the worker did the job: \(worker.text)") {
          try await client.ask("job", ["id": outcome.job.jsonValue])["job"]?["state"] == "done"
        }
      }
      for program in [listener, worker] { program.signal(SIGKILL) }
    }
  }
}
