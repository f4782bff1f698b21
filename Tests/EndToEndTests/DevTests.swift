import Foundation
import Testing

extension EndToEnd {
  @Suite struct `A bus for development` {
    @Test func `the shipped topology and the shipped engines agree`() async throws {
      let check = try Program("bus", ["topology", "check", Site.shopTopology])
      #expect(try await check.end() == 0, "\(check.text)")
    }

    @Test func `EH14 kill -9 of bus dev leaves no process, and the next one removes its directory`() async throws {
      let site = try Site()
      let dev = try Program("bus", ["dev", "--topology", Site.shopTopology], environment: site.environment)
      try await eventually("bus dev is up: \(dev.text)") { dev.text.contains("bus is up") }
      let endpoint = try #require(dev.text.split(separator: "\n").first { $0.contains("export BUS_ENDPOINT=") })
      let directory = try #require(endpoint.firstMatch(of: #//tmp/bus-dev\.\w+/#)).output
      try await eventually("four engines and busd: \(dev.text)") { Processes.with(environment: directory).count >= 5 }

      dev.signal(SIGKILL)
      _ = try await dev.end()
      try await eventually("all have ended") { Processes.with(environment: directory).isEmpty }
      #expect(FileManager.default.fileExists(atPath: String(directory)))

      let next = try Program("bus", ["dev", "--topology", Site.shopTopology], environment: site.environment)
      try await eventually("the next one is up: \(next.text)") { next.text.contains("bus is up") }
      #expect(!FileManager.default.fileExists(atPath: String(directory)))
      next.signal(SIGINT)
      #expect(try await next.end() == 130)
    }
  }
}

/// Running processes, as /proc shows them.
private enum Processes {
  /// Those whose environment or arguments name a directory.
  static func with(environment directory: Substring) -> [Int32] {
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
    return numbers.filter { pid in
      ["environ", "cmdline"].contains { file in
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
        return String(decoding: data, as: UTF8.self).contains(directory)
      }
    }
  }
}
